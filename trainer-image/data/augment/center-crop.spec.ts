import { describe, expect, it } from 'vitest';
import { centerCrop, shortSideFor } from './center-crop.ts';

describe('the centre crop of validation', () => {
  it.each([
    // height, width: resized height and width, top and left; 58.5 goes to 58 and 59.5 would to 60.
    [375, 500, 256, 341, 16, 58],
    [500, 375, 341, 256, 58, 16],
    [333, 500, 256, 384, 16, 80],
    [256, 256, 256, 256, 16, 16],
    [1024, 768, 341, 256, 58, 16],
    [500, 499, 256, 256, 16, 16],
    [256, 343, 256, 343, 16, 60],
  ])(
    'of %i x %i is cut out of %i x %i at %i, %i',
    (height, width, resizedHeight, resizedWidth, top, left) => {
      expect(centerCrop({ height, width }, 256, 224)).toEqual({
        resized: { height: resizedHeight, width: resizedWidth },
        ...{ top, left },
      });
    },
  );

  it('is 0.875 of the short side', () => {
    expect([shortSideFor(224), shortSideFor(28)]).toEqual([256, 32]);
  });
});
