import type { Model } from '../../operator/api/v1alpha1/model.ts';
import { counterRandom } from '../data/random.ts';
import { elementCount, type HostTensor } from '../tensorflow/host-tensor.ts';
import type { Network, VariableSpec } from './network.ts';

export interface InitializerOptions {
  readonly initializer: Model['initializer'];
  readonly zeroGamma: boolean;
  readonly seed: number;
}

/**
 * Initial values of all variables, in the order of the network. Each is drawn from a stream of its own, so that it
 * depends on the seed and its name only.
 */
export function initialValues(network: Network, options: InitializerOptions): HostTensor[] {
  return network.variables.map((spec) => ({
    ...{ name: spec.name, dtype: 'float32', shape: spec.shape },
    data: new Uint8Array(initialValue(spec, options).buffer),
  }));
}

function initialValue(spec: VariableSpec, options: InitializerOptions): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elementCount(spec.shape));
  switch (spec.kind) {
    case 'convolution':
    case 'weight': {
      const draw = weightDistribution(spec, options);
      for (let index = 0; index < values.length; index += 1) values[index] = draw();
      return values;
    }
    case 'gamma':
      return values.fill(options.zeroGamma && spec.endsResidualBlock === true ? 0 : 1);
    case 'runningVariance':
      return values.fill(1);
    case 'beta':
    case 'bias':
    case 'runningMean':
      return values;
  }
}

function weightDistribution(spec: VariableSpec, { initializer, seed }: InitializerOptions) {
  const stream = counterRandom([seed, 'initial-value', spec.name]);
  if (initializer === 'xavier') {
    const bound = xavierBound(spec.shape);
    return () => (2 * stream.uniform() - 1) * bound;
  }
  const deviation = msraDeviation(spec.shape);
  return () => stream.normal() * deviation;
}

/**
 * Xavier: uniform in [-a, a] with a = sqrt(6 / (fan in + fan out)). The paper speaks of channel sizes; fans, which
 * count the kernel too, are what its reference code and Keras' `glorot_uniform` use.
 */
export function xavierBound(shape: readonly number[]): number {
  const { fanIn, fanOut } = fans(shape);
  return Math.sqrt(6 / (fanIn + fanOut));
}

/** `MSRAPrelu(factor_type='avg', slope=0.25)` of MXNet, which the published training script uses. */
export function msraDeviation(shape: readonly number[]): number {
  const slope = 0.25;
  const { fanIn, fanOut } = fans(shape);
  return Math.sqrt(2 / (1 + slope ** 2) / ((fanIn + fanOut) / 2));
}

/** Of HWIO or IO. */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const window = elementCount(shape.slice(0, -2));
  const [inputs = 1, outputs = 1] = shape.slice(-2);
  return { fanIn: window * inputs, fanOut: window * outputs };
}
