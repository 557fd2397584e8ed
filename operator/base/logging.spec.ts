import { describe, expect, it } from 'vitest';
import { humanLine } from './human-log.ts';
import { createLogger, logLevelOf } from './logging.ts';

/** What a logger writes. */
function written(form: 'json' | 'human', act: (log: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  act(
    createLogger('info', { component: 'rank', run: 'digits' }, { form, write: (line) => lines.push(line) }),
  );
  return lines;
}

describe('a log', () => {
  it('is JSON, one object a line, with the word of its level and what is bound to it', () => {
    const [line = ''] = written('json', (log) => log.child({ rank: 1 }).warn({ step: 7 }, 'slow'));
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({
      ...{ level: 'warn', component: 'rank', run: 'digits', rank: 1, step: 7, msg: 'slow' },
      time: expect.stringMatching(/^[0-9-]+T[0-9:.]+Z$/) as string,
    });
  });

  it('leaves out what is below its level', () => {
    expect(written('json', (log) => log.debug('a step is finished'))).toEqual([]);
  });

  it('is for people on a terminal', () => {
    const [line = ''] = written('human', (log) => log.info({ step: 7 }, 'saved'));
    expect(line).toMatch(/^[0-9:.]+ {2}info {3}rank {2}saved {2}run=digits {2}step=7\n$/);
  });

  it('shows errors with their kind and cause', () => {
    const error = new Error('no room', { cause: new Error('quota') });
    const [line = ''] = written('human', (log) => log.warn({ err: error }, 'not saved'));
    expect(line).toContain('no room');
    expect(line).toContain('quota');
  });

  it('passes on what is not a line of the log', () => {
    expect(humanLine('Segmentation fault\n')).toBe('Segmentation fault\n');
  });

  it('has the level info where a word is none', () => {
    expect(logLevelOf('loud')).toBe('info');
    expect(logLevelOf('debug')).toBe('debug');
  });
});
