import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../operator/base/logging.ts';
import { followOutput } from './rank-output.ts';
import { visibleDevice } from './rank-process.ts';

describe('the output of a rank', () => {
  it('passes log lines on whole, and keeps other lines as last words', async () => {
    const stream = new PassThrough();
    const written: string[] = [];
    const lastWords = followOutput([stream], createLogger('silent'), (line) => written.push(line));
    stream.write('{"level":"info","msg":"trai');
    stream.write('ning"}\nF0000 check failed: ');
    stream.end('x > 0\n\n{"level" : 3}\n');
    await new Promise((resolve) => stream.once('close', resolve));
    expect(written).toEqual(['{"level":"info","msg":"training"}\n']);
    expect(lastWords()).toBe('F0000 check failed: x > 0 | {"level" : 3}');
  });
});

describe('the device of a rank', () => {
  it('is its own number, or its part of what the pod was given', () => {
    expect(visibleDevice(undefined, 3)).toBe('3');
    expect(visibleDevice('GPU-a, GPU-b', 1)).toBe('GPU-b');
    expect(visibleDevice('0', 1)).toBe('');
  });
});
