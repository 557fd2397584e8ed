import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../trainer-image/throughput.ts', import.meta.url));
const small = ['--depth=18', '--image-size=32', '--batch=2', '--steps=1', '--warmup-steps=1', '--threads=1'];

describe('the program that checks an image', () => {
  it('trains worlds of one and of two ranks in half precision and tells how fast', async () => {
    const { stdout } = await run(process.execPath, [program, '--ranks=1,2', ...small, '--json']);
    const [one, two, ...more] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      ranks: 1,
      efficiency: 1,
      device: expect.stringMatching(/^[CG]PU$/) as string,
    });
    expect(two).toMatchObject({ ranks: 2 });
    expect(two?.imagesPerSecond).toBeGreaterThan(0);
    expect(two?.peakMemoryMiB).toBeGreaterThan(100);
  });

  it('ends with 1 when a world does not train, and with 64 on a number that is none', async () => {
    const rejected = (...words: string[]) => expect(run(process.execPath, [program, ...words])).rejects;
    await rejected('--ranks=1', ...small, '--depth=19').toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a world of 1 ranks did not train') as string,
    });
    await rejected('--ranks=half').toMatchObject({ code: 64 });
    await rejected('--batch=x').toMatchObject({
      code: 64,
      stderr: '--batch must be a whole number from 1 (found "x")\n',
    });
  });
});
