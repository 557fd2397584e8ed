import { describe, expect, it } from 'vitest';
import { parseLogLine } from '../logs/log-line.ts';
import { formatLogJson, formatLogLine } from './log-text.ts';
import { createStyle } from './style.ts';

const origin = { pod: 'digits-2-1', attempt: 2, podIndex: 1 };
const moment = Date.parse('2026-01-01T07:31:05Z');
const parse = (text: string) => parseLogLine(text, origin, undefined, moment);
const plain = createStyle(false);

describe('a line of a log', () => {
  it('is shown with attempt, pod, rank, time and level before it, and its other fields after it', () => {
    const line = parse(
      '{"level":"warn","time":"2026-01-01T07:31:06.123Z","rank":3,"run":"digits","msg":"slow step","seconds":1.5,"why":"a b"}',
    );
    expect(formatLogLine(line, plain)).toBe(
      '2-1 rank 3     07:31:06 warn   slow step  seconds=1.5  why="a b"',
    );
  });

  it('is shown as it is when it is not one of ours', () => {
    expect(formatLogLine(parse('Killed'), plain)).toBe('2-1            Killed');
    expect(formatLogLine(parse('{"a":1}'), plain)).toBe('2-1            {"a":1}');
    expect(formatLogLine(parse('{broken'), plain)).toBe('2-1            {broken');
  });

  it('shows of an error only what it says', () => {
    const line = parse('{"level":"error","msg":"failed","err":{"message":"no space","stack":"at x"}}');
    expect(formatLogLine(line, plain)).toMatch(/failed {2}err="no space"$/);
  });

  it('is a JSON object for programs, whatever it was', () => {
    expect(JSON.parse(formatLogJson(parse('Killed')))).toEqual({
      msg: 'Killed',
      pod: 'digits-2-1',
      attempt: 2,
    });
    expect(JSON.parse(formatLogJson(parse('{"level":"info","msg":"step","loss":2}')))).toMatchObject({
      level: 'info',
      loss: 2,
      pod: 'digits-2-1',
    });
  });

  it('takes the time of the line before where it says none', () => {
    expect(parse('Killed').timeMs).toBe(moment);
  });
});
