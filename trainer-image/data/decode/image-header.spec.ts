import { describe, expect, it } from 'vitest';
import { readImageHeader } from './image-header.ts';

/** A segment with its marker. */
const segment = (marker: number, ...content: number[]) => [0xff, marker, 0, content.length + 2, ...content];
const frame = (marker: number, channels: number) => segment(marker, 8, 1, 0x77, 1, 0xf4, channels, 0, 0, 0);
const jpeg = (...segments: number[][]) => Uint8Array.from([0xff, 0xd8, ...segments.flat(), 0, 0, 0, 0]);
const png = (width: number, colorType: number) => {
  const bytes = Buffer.alloc(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(20, 20);
  bytes[25] = colorType;
  return bytes;
};

describe('the first bytes of an image', () => {
  it('say extent and channels of a JPEG, baseline or progressive, after other segments', () => {
    const extent = { encoding: 'jpeg', height: 375, width: 500 };
    expect(readImageHeader(jpeg(frame(0xc0, 3)))).toEqual({ ...extent, channels: 3 });
    const tables = [
      segment(0xe0, 1, 2, 3),
      segment(0xdb, ...new Array<number>(60).fill(0)),
      segment(0xc4, 1),
    ];
    expect(readImageHeader(jpeg(...tables, [0xff], frame(0xc2, 4)))).toEqual({ ...extent, channels: 4 });
  });

  it('say extent and channels of a PNG, whatever its name says', () => {
    const extent = { encoding: 'png', height: 20, width: 30 };
    expect(readImageHeader(png(30, 2))).toEqual({ ...extent, channels: 3 });
    expect(readImageHeader(png(30, 0))).toEqual({ ...extent, channels: 1 });
    expect(readImageHeader(png(30, 6))).toEqual({ ...extent, channels: 4 });
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'neither a JPEG nor a PNG'],
    ['a text', Buffer.from('<html>not found, but saved as an image</html>'), 'neither a JPEG nor a PNG'],
    ['a JPEG without a frame', jpeg(segment(0xe0, 1)), 'has no frame'],
    ['a PNG of no width', png(0, 2), 'it is 0 x 20 pixels'],
    ['a PNG of a bomb', png(2 ** 31, 2), 'more than the'],
  ])('of %s are refused', (_, bytes, says) => {
    expect(() => readImageHeader(bytes)).toThrow(says);
  });
});
