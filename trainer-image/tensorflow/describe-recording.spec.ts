import { expect, it } from 'vitest';

import { dataTypes } from './data-type.ts';
import { describeRecording, summarizeRecording } from './describe-recording.ts';
import { toHalfPrecision } from './precision/half-precision.ts';
import { attribute, buildRecording } from './recording.ts';

it('shows every node with its types, and counts operations and casts', () => {
  const builder = buildRecording();
  const spec = { dataType: dataTypes.float32, shape: [1, 4, 4, 1] };
  const images = builder.input(spec);
  const filter = builder.input({ ...spec, shape: [1, 1, 1, 1] });
  const convolution = builder.node('Conv2D', {
    inputs: [images, filter],
    attributes: { T: attribute.type(dataTypes.float32) },
    outputs: [spec],
  });
  const recording = toHalfPrecision(builder.finish([{ node: convolution, index: 0 }]), 'float16');
  expect(describeRecording(recording)).toEqual([
    'Placeholder_0 = Placeholder() : float32[1, 4, 4, 1]',
    'Placeholder_1 = Placeholder() : float32[1, 1, 1, 1]',
    'Placeholder_0/0/Cast = Cast(Placeholder_0) : float16[1, 4, 4, 1]',
    'Placeholder_1/0/Cast = Cast(Placeholder_1) : float16[1, 1, 1, 1]',
    'Conv2D_2 = Conv2D(Placeholder_0/0/Cast, Placeholder_1/0/Cast) : float16[1, 4, 4, 1]',
    'Conv2D_2/0/Cast = Cast(Conv2D_2) : float32[1, 4, 4, 1]',
    '',
    '     2  Cast float16',
    '     2  Placeholder float32',
    '     1  Cast float32',
    '     1  Conv2D float16',
    '6 nodes, 3 casts between types',
    'memory, estimated: 0 MiB of variables, at most 0 MiB besides',
  ]);
});

it.each([
  [1, '1 all-reduce of 1.0 MB'],
  [2, '2 all-reduces of 2.0 MB in all'],
])('tells how much is reduced over all ranks, in %d pieces', (buckets, line) => {
  const builder = buildRecording();
  const spec = { dataType: dataTypes.float32, shape: [250_000] };
  const part = builder.input(spec);
  for (let bucket = 0; bucket < buckets; bucket++)
    builder.node('CollectiveReduceV2', { inputs: [part], outputs: [spec] });
  expect(summarizeRecording(builder.finish([])).at(-1)).toBe(line);
});
