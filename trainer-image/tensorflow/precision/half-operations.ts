/** How an operation is turned to half precision. */
export interface HalfOperation {
  /** `always`, or `follows`: when one of its operands is half already, as a cast would cost more than it gains. */
  readonly when: 'always' | 'follows';
  /** Positions of the inputs that become half; all if absent. The others keep their type. */
  readonly operands?: readonly number[];
  /** Its results leave as float32 at once: gradients of parameters belong to the float32 master weights. */
  readonly leaves?: 'float32';
  /** Attributes that name the type. */
  readonly types: readonly string[];
}

const follows: HalfOperation = { when: 'follows', types: ['T'] };

/**
 * The operations that run in half precision. Those worth it always do: TensorFlow's automatic mixed precision has the
 * convolutions in its allow list too (core/grappler/optimizers/auto_mixed_precision_lists.h). Those that only move,
 * compare or add values, or scale them by channel, go with what they are given. What sums many values, takes
 * exponentials or decides anything is not here.
 */
export const halfOperations: ReadonlyMap<string, HalfOperation> = new Map<string, HalfOperation>([
  ['Conv2D', { when: 'always', types: ['T'] }],
  ['Conv2DBackpropInput', { when: 'always', operands: [1, 2], types: ['T'] }],
  ['Conv2DBackpropFilter', { when: 'always', operands: [0, 2], leaves: 'float32', types: ['T'] }],
  // The kernels have the statistics, scales and offsets in float32 beside half images (type U).
  ['FusedBatchNormV3', { when: 'follows', operands: [0], types: ['T'] }],
  ['FusedBatchNormGradV3', { when: 'follows', operands: [0, 1], types: ['T'] }],
  ['Relu', follows],
  ['ReluGrad', follows],
  ['Add', follows],
  // The gradient of a frozen batch normalisation.
  ['Mul', follows],
  ['AddV2', follows],
  ['MaxPool', follows],
  ['MaxPoolGrad', follows],
  ['AvgPool', follows],
  ['AvgPoolGrad', { when: 'follows', operands: [1], types: ['T'] }],
  ['PadV2', { when: 'follows', operands: [0, 2], types: ['T'] }],
  ['Slice', { when: 'follows', operands: [0], types: ['T'] }],
  ['Reshape', { when: 'follows', operands: [0], types: ['T'] }],
  // TensorFlow.js casts float32 to float32 before it averages.
  ['Cast', { when: 'follows', types: ['SrcT', 'DstT'] }],
]);
