import { describe, expect, it } from 'vitest';
import { createStyle } from './style.ts';
import { drawTable } from './table.ts';
import { padEnd, truncate, visibleWidth, wrapWords } from './text.ts';

const { bad, bold } = createStyle(true);

describe('text', () => {
  it('has the width of what is seen, not of its colours', () => {
    expect(visibleWidth(`${bold('two')} ${bad('words')}`)).toBe(9);
    expect(padEnd(bad('ab'), 4)).toBe(`${bad('ab')}  `);
  });

  it('is cut inside a colour so that the colour ends', () => {
    expect(truncate(`${bad('failed')} for good`, 4)).toBe('\u001b[31mfai…\u001b[0m');
    expect(truncate('fits', 4)).toBe('fits');
  });

  it('is wrapped at spaces, long words on lines of their own', () => {
    expect(wrapWords('one two  three averylongword x', 9)).toEqual([
      'one two',
      'three',
      'averylongword',
      'x',
    ]);
    expect(wrapWords('', 9)).toEqual([]);
  });

  it('stands in columns, colours or not', () => {
    const rows = [
      ['NAME', 'PHASE'],
      ['resnet', bad('Failed')],
    ];
    expect(drawTable(rows)).toEqual(['NAME     PHASE', `resnet   ${bad('Failed')}`]);
  });
});
