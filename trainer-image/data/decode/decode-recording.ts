import { dataTypes } from '../../tensorflow/data-type.ts';
import {
  attribute,
  buildRecording,
  type AttributeValue,
  type NodeOutput,
  type Recording,
} from '../../tensorflow/recording.ts';

/** What a decoding function is made for; the rest are its inputs. */
export interface DecodeKind {
  readonly encoding: 'jpeg' | 'png';
  /** Decodes a JPEG at half, a quarter or an eighth of its size, which libjpeg does on the way, averaging. */
  readonly ratio: 1 | 2 | 4 | 8;
  readonly flip: boolean;
  /** Whether the change of colour needs the mean of the image, as contrast does. */
  readonly usesMean: boolean;
  /** Height and width of the result. */
  readonly imageSize: number;
}

/**
 * One image from its encoded bytes to what the network sees, float32 of `[imageSize², 3]`, by TensorFlow's kernels. Inputs:
 * the bytes; the window, int32 `[top, left, height, width]`, in the pixels of the decoded size; the size it is resized
 * to, int32 `[height, width]`; where the square is cut out of that, int32 `[0, top, left, 0]`; the colour matrix `[3, 3]`,
 * to be multiplied from the right; its offset `[3]`; and, if the mean is used, the matrix for it.
 */
export function decodeRecording({ encoding, ratio, flip, usesMean, imageSize }: DecodeKind): Recording {
  const builder = buildRecording();
  const int32 = (shape: readonly number[], values: readonly number[]) =>
    builder.constant({
      dataType: dataTypes.int32,
      shape,
      data: new Uint8Array(Int32Array.from(values).buffer),
    });
  const node = (op: string, inputs: readonly NodeOutput[], attributes: Record<string, AttributeValue>) => ({
    node: builder.node(op, { inputs, attributes }),
    index: 0,
  });
  const types = (entries: Readonly<Record<string, keyof typeof dataTypes>>) =>
    Object.fromEntries(
      Object.entries(entries).map(([name, type]) => [name, attribute.type(dataTypes[type])]),
    );
  const float = types({ T: 'float32' });

  const bytes = builder.input({ dataType: dataTypes.string, shape: [] });
  const window = builder.input({ dataType: dataTypes.int32, shape: [4] });
  const resizedTo = builder.input({ dataType: dataTypes.int32, shape: [2] });
  const corner = builder.input({ dataType: dataTypes.int32, shape: [4] });
  const matrix = builder.input({ dataType: dataTypes.float32, shape: [3, 3] });
  const offset = builder.input({ dataType: dataTypes.float32, shape: [3] });

  const pixels =
    encoding === 'jpeg'
      ? node('DecodeAndCropJpeg', [bytes, window], {
          channels: attribute.int(3),
          ratio: attribute.int(ratio),
          // libjpeg-turbo's accurate transform; its fast one saves nothing measurable here.
          dct_method: attribute.string('INTEGER_ACCURATE'),
        })
      : cropped(node('DecodePng', [bytes], { channels: attribute.int(3), ...types({ dtype: 'uint8' }) }));
  const batched = node('ExpandDims', [pixels, int32([], [0])], types({ T: 'uint8', Tdim: 'int32' }));
  const resized = node('ResizeBilinear', [batched, resizedTo], {
    ...types({ T: 'uint8' }),
    half_pixel_centers: attribute.bool(true),
  });
  const square = node(
    'Slice',
    [resized, corner, int32([4], [1, imageSize, imageSize, 3])],
    types({ T: 'float32', Index: 'int32' }),
  );
  const turned = flip ? mirrored(square) : square;
  // A convolution of 1x1 is the multiplication by the matrix, and the fastest kernel for it.
  const filter = node(
    'Reshape',
    [matrix, int32([4], [1, 1, 3, 3])],
    types({ T: 'float32', Tshape: 'int32' }),
  );
  const mixed = node('Conv2D', [turned, filter], {
    ...float,
    strides: attribute.ints([1, 1, 1, 1]),
    padding: attribute.string('VALID'),
  });
  return builder.finish([node('BiasAdd', [mixed, usesMean ? shifted(turned) : offset], float)]);

  /** Kernels mirror images of three channels fast only by themselves, not in a batch (reverse_op.cc, ReverseRows). */
  function mirrored(image: NodeOutput): NodeOutput {
    const reshaped = (value: NodeOutput, shape: readonly number[]) =>
      node('Reshape', [value, int32([shape.length], shape)], types({ T: 'float32', Tshape: 'int32' }));
    const alone = reshaped(image, [imageSize, imageSize, 3]);
    const turned = node('ReverseV2', [alone, int32([1], [1])], types({ T: 'float32', Tidx: 'int32' }));
    return reshaped(turned, [1, imageSize, imageSize, 3]);
  }

  /** A PNG is decoded whole: `window` is `[top, left, height, width]`, Slice wants begin and size with channels. */
  function cropped(whole: NodeOutput): NodeOutput {
    const part = (first: number, channelValue: number) =>
      node(
        'ConcatV2',
        [
          node(
            'Slice',
            [window, int32([1], [first]), int32([1], [2])],
            types({ T: 'int32', Index: 'int32' }),
          ),
          int32([1], [channelValue]),
          int32([], [0]),
        ],
        { ...types({ T: 'int32', Tidx: 'int32' }), N: attribute.int(2) },
      );
    return node('Slice', [whole, part(0, 0), part(2, 3)], types({ T: 'uint8', Index: 'int32' }));
  }

  /** The offset and what the mean of the image adds to it. */
  function shifted(image: NodeOutput): NodeOutput {
    const meanMatrix = builder.input({ dataType: dataTypes.float32, shape: [3, 3] });
    const mean = node('Mean', [image, int32([2], [1, 2])], {
      ...types({ T: 'float32', Tidx: 'int32' }),
      keep_dims: attribute.bool(false),
    });
    const added = node('MatMul', [mean, meanMatrix], float);
    const flat = node('Reshape', [added, int32([1], [3])], types({ T: 'float32', Tshape: 'int32' }));
    return node('AddV2', [flat, offset], float);
  }
}
