import { counterRandom } from '../../../trainer-image/data/random.ts';
import { initialValues } from '../../../trainer-image/model/initializers.ts';
import { trainingLayers, type Layers } from '../../../trainer-image/model/layers.ts';
import { planResNet, type Architecture } from '../../../trainer-image/model/resnet-plan.ts';
import { resNet } from '../../../trainer-image/model/resnet.ts';
import { floatValues } from '../../../trainer-image/tensorflow/host-tensor.ts';
import { tf } from '../../../trainer-image/tensorflow/tensorflow.ts';
import { answerTask } from './answer-task.ts';

export interface IdentityBlocksTask {
  readonly architecture: Architecture;
  readonly zeroGamma: boolean;
}

export interface IdentityBlocksAnswer {
  /** Blocks whose input is added as it is. */
  readonly blocks: number;
  /** Those that return their input bit for bit. */
  readonly unchanged: number;
}

/** Runs the forward pass of training once and compares what goes into and comes out of every identity block. */
await answerTask<IdentityBlocksTask>((tensorflow, { architecture, zeroGamma }) => {
  const network = resNet(architecture);
  const plan = planResNet(architecture);
  const drawn = initialValues(network, { initializer: 'xavier', zeroGamma, seed: 3 });
  const random = counterRandom(['identity-blocks']);
  const answer = tf.tidy(() => {
    const values = new Map(
      drawn.map((tensor) => [tensor.name, tf.tensor([...floatValues(tensor)], [...tensor.shape])]),
    );
    const outputs: Uint32Array[] = [];
    const layers = trainingLayers(tensorflow, values, { batchNorm: 'local', isFrozen: () => false });
    const observed: Layers = {
      ...layers,
      relu(images) {
        const output = layers.relu(images);
        outputs.push(new Uint32Array(output.dataSync<'float32'>().slice().buffer));
        return output;
      },
    };
    const shape: [number, number, number, number] = [4, ...network.imageShape];
    const pixels = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
    network.forward(observed, tf.tensor4d(pixels, shape));
    // A ReLU after each convolution of the stem, and as many in a block as its path has convolutions.
    let last = plan.stem.length - 1;
    let [blocks, unchanged] = [0, 0];
    for (const { path, shortcut } of plan.blocks) {
      const input = outputs[last];
      last += path.length;
      if (shortcut !== undefined) continue;
      blocks += 1;
      if (input !== undefined && outputs[last]?.every((bits, index) => bits === input[index])) unchanged += 1;
    }
    return { blocks, unchanged };
  });
  return Promise.resolve<IdentityBlocksAnswer>(answer);
});
