import type { ImageExtent } from '../augment/crop-window.ts';
import { UnreadableImage } from './unreadable-image.ts';

/** What the first bytes of an encoded image say. */
export interface ImageHeader extends ImageExtent {
  /** By its content, whatever its name says. */
  readonly encoding: 'jpeg' | 'png';
  /** 1 grey, 3 colour, 4 CMYK or with an opacity; of a PNG with a palette 3. */
  readonly channels: number;
}

/** Larger images are surely a mistake, and a decoded one must fit into memory: 2^28 pixels are 805 MB. */
const mostPixels = 2 ** 28;

/** @throws UnreadableImage if it is neither a JPEG nor a PNG, or ends too soon */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = bytes[0] === 0xff && bytes[1] === 0xd8 ? readJpeg(view) : readPng(view);
  const { width, height } = header;
  if (width === 0 || height === 0) throw new UnreadableImage(`it is ${width} x ${height} pixels`);
  if (width * height > mostPixels) {
    throw new UnreadableImage(`it is ${width} x ${height} pixels, more than the ${mostPixels} allowed`);
  }
  return header;
}

/** Walks from marker to marker to the frame header (ITU-T T.81, B.2.2). */
function readJpeg(view: DataView): ImageHeader {
  let offset = 2;
  while (offset + 9 < view.byteLength) {
    if (view.getUint8(offset) !== 0xff) break;
    const marker = view.getUint8(offset + 1);
    if (marker === 0xff) {
      offset += 1; // A fill byte.
    } else if (isFrame(marker)) {
      return {
        encoding: 'jpeg',
        height: view.getUint16(offset + 5),
        width: view.getUint16(offset + 7),
        channels: view.getUint8(offset + 9),
      };
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      offset += 2; // Markers without a segment.
    } else {
      offset += 2 + view.getUint16(offset + 2);
    }
  }
  throw new UnreadableImage('it begins like a JPEG but has no frame');
}

/** Start of frame: C0 to CF but for DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

const pngChannels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/** The first chunk is IHDR (PNG specification, 11.2.2). */
function readPng(view: DataView): ImageHeader {
  if (view.byteLength < 26 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) {
    throw new UnreadableImage('it is neither a JPEG nor a PNG');
  }
  return {
    encoding: 'png',
    width: view.getUint32(16),
    height: view.getUint32(20),
    channels: pngChannels[view.getUint8(25)] ?? 0,
  };
}
