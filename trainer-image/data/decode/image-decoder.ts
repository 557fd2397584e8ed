import { deviceFunction, type DeviceFunction } from '../../tensorflow/device-function.ts';
import { free, upload } from '../../tensorflow/device-tensor.ts';
import { TensorFlowError } from '../../tensorflow/errors.ts';
import type { NativeModule } from '../../tensorflow/native-module.ts';
import type { ImagePlan } from '../augment/draw-augmentation.ts';
import type { ImageExtent } from '../augment/crop-window.ts';
import { transpose3, type Matrix3 } from '../augment/matrix3.ts';
import { createLimit } from '../limit.ts';
import { decodeRecording, type DecodeKind } from './decode-recording.ts';
import { readImageHeader } from './image-header.ts';
import { UnreadableImage } from './unreadable-image.ts';

/** Makes images for the network out of encoded ones, off the JavaScript thread, several at once. */
export interface ImageDecoder {
  /**
   * Decodes, augments and normalises one image into `target`, height x width x channels.
   * @param plan what to do, once the extent of the image is known
   * @throws UnreadableImage if it is damaged or of another kind
   */
  decode(bytes: Uint8Array, plan: (image: ImageExtent) => ImagePlan, target: Float32Array): Promise<void>;
}

/**
 * @param imageSize height and width of the result
 * @param parallel images decoded at the same time; each takes a thread of libuv's pool
 */
export function createImageDecoder(native: NativeModule, imageSize: number, parallel: number): ImageDecoder {
  const functions = new Map<string, DeviceFunction>();
  const limit = createLimit(parallel);

  function functionFor(kind: DecodeKind): DeviceFunction {
    const name = `decode/${Object.values(kind).join('/')}`;
    let found = functions.get(name);
    if (found === undefined) {
      found = deviceFunction(native, name, decodeRecording(kind));
      functions.set(name, found);
    }
    return found;
  }

  return {
    decode: (bytes, plan, target) =>
      limit(async () => {
        const { encoding, height, width } = readImageHeader(bytes);
        const { window, resized, top, left, flip, color } = plan({ height, width });
        const ratio = encoding === 'jpeg' ? decodeRatio(window, resized) : 1;
        const usesMean = color.mean.flat().some((weight) => weight !== 0);
        const decode = functionFor({ encoding, ratio, flip, usesMean, imageSize });
        const int32 = (values: readonly number[]) =>
          upload(native, 'int32', [values.length], Int32Array.from(values));
        const matrix = (values: Matrix3) =>
          upload(native, 'float32', [3, 3], Float32Array.from(transpose3(values).flat()));
        const scaled = scaleWindow(window, ratio, { height, width });
        const inputs = [
          upload(native, 'string', [], bytes),
          int32([scaled.top, scaled.left, scaled.height, scaled.width]),
          int32([resized.height, resized.width]),
          int32([0, top, left, 0]),
          matrix(color.pixel),
          upload(native, 'float32', [3], Float32Array.from(color.offset)),
          ...(usesMean ? [matrix(color.mean)] : []),
        ];
        const running = decode.run(inputs);
        free(native, inputs);
        const outputs = await running.catch((error: unknown) => {
          throw toUnreadable(error);
        });
        const [image] = outputs;
        if (image === undefined) throw new TypeError(`${decode.name} returned nothing`);
        try {
          native.copyTensor(image.id, new Uint8Array(target.buffer, target.byteOffset, target.byteLength));
        } finally {
          free(native, outputs);
        }
      }),
  };
}

/** The smallest decoding, 1/8 at the least, that resizing still makes smaller. */
export function decodeRatio(window: ImageExtent, resized: ImageExtent): 1 | 2 | 4 | 8 {
  const room = Math.min(window.height / resized.height, window.width / resized.width);
  if (room >= 8) return 8;
  if (room >= 4) return 4;
  return room >= 2 ? 2 : 1;
}

/** The window in an image decoded at a fraction of its size, which libjpeg rounds up. */
function scaleWindow(window: ImagePlan['window'], ratio: number, image: ImageExtent): ImagePlan['window'] {
  if (ratio === 1) return window;
  const top = Math.floor(window.top / ratio);
  const left = Math.floor(window.left / ratio);
  const bottom = Math.min(Math.round((window.top + window.height) / ratio), Math.ceil(image.height / ratio));
  const right = Math.min(Math.round((window.left + window.width) / ratio), Math.ceil(image.width / ratio));
  return { top, left, height: bottom - top, width: right - left };
}

/** What the kernels say of a damaged image, without the name of the graph's node. */
function toUnreadable(error: unknown): unknown {
  if (!(error instanceof TensorFlowError) || error.code !== 'INVALID_ARGUMENT') return error;
  return new UnreadableImage('it is damaged', { cause: error });
}
