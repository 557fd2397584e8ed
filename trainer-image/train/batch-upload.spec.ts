import { assert, integer, property } from 'fast-check';
import { expect, it } from 'vitest';
import { splitBatch } from './batch-upload.ts';

it('splits a batch into pieces that are as equal as can be and together the whole', () => {
  assert(
    property(integer({ min: 1, max: 40 }), integer({ min: 1, max: 40 }), (one, other) => {
      const [pieces, count] = [Math.min(one, other), Math.max(one, other)];
      const batch = {
        images: Float32Array.from({ length: 3 * count }, (_, index) => index),
        targets: Float32Array.from({ length: 2 * count }, (_, index) => -index),
        count,
      };
      const parts = splitBatch(batch, pieces);
      expect(parts).toHaveLength(pieces);
      expect(parts.flatMap(({ images }) => [...images])).toEqual([...batch.images]);
      expect(parts.flatMap(({ targets }) => [...targets])).toEqual([...batch.targets]);
      const counts = parts.map((part) => part.count);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      for (const part of parts) expect(part.images).toHaveLength(3 * part.count);
    }),
  );
});

it('refuses more pieces than samples', () => {
  const batch = { images: new Float32Array(2), targets: new Float32Array(2), count: 2 };
  expect(() => splitBatch(batch, 3)).toThrow('2 samples cannot be split into 3 pieces');
});
