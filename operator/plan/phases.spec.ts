import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { followingPhases } from './phases.ts';

const concepts = readFileSync(new URL('../../docs/concepts.md', import.meta.url), 'utf8');

describe('the picture of the phases in docs/concepts.md', () => {
  it('has an arrow for every way from one phase to another, and no other', () => {
    const drawn = [...concepts.matchAll(/^ {2}([A-Z]\w+) --> ([A-Z]\w+)/gm)].map(
      ([, from, to]) => `${from} ${to}`,
    );
    const ways = Object.entries(followingPhases).flatMap(([from, next]) => next.map((to) => `${from} ${to}`));
    expect(drawn.sort()).toEqual(ways.sort());
  });
});
