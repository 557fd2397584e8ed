import { configProto } from '../../../trainer-image/tensorflow/cluster-config.ts';
import { dataTypes } from '../../../trainer-image/tensorflow/data-type.ts';
import { graphDef, outputReference } from '../../../trainer-image/tensorflow/graph-def.ts';
import type { NativeModule } from '../../../trainer-image/tensorflow/native-module.ts';
import { attribute, buildRecording } from '../../../trainer-image/tensorflow/recording.ts';
import { answerTask } from './answer-task.ts';

export interface NativeAnswer {
  readonly doubled: number[];
  readonly copied: number[];
  readonly description: unknown;
  readonly failures: Readonly<Record<string, string>>;
  readonly removed: string;
  readonly left: number;
}

/** What a call threw, as `CODE: message`. */
async function failure(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'nothing';
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return `${'code' in error ? String(error.code) : ''}: ${error.message}`;
  }
}

function registerDouble(native: NativeModule): void {
  const builder = buildRecording();
  const x = builder.input({ dataType: dataTypes.float32, shape: [2] });
  const sum = builder.node('AddV2', {
    inputs: [x, x],
    attributes: { T: attribute.type(dataTypes.float32) },
  });
  const { inputs, outputs, effects, ...rest } = builder.finish([{ node: sum, index: 0 }]);
  const bytes = graphDef({ inputs, outputs, effects, ...rest });
  native.registerFunction('double', bytes, inputs, outputs.map(outputReference), effects);
}

await answerTask<undefined>(async ({ native }) => {
  const bytes = new Uint8Array(Float32Array.of(1, 2).buffer);
  const x = native.createTensor(dataTypes.float32, [2], bytes);
  registerDouble(native);

  // Freed while the function runs on another thread.
  const freedEarly = native.createTensor(dataTypes.float32, [2], bytes);
  const running = native.run('double', [freedEarly], 1);
  native.freeTensor(freedEarly);
  const [doubled = -1] = await running;
  const { data, ...description } = native.readTensor(doubled);
  const copied = new Float32Array(2);
  native.copyTensor(doubled, new Uint8Array(copied.buffer));
  native.freeTensor(doubled);

  const word = native.createTensor(dataTypes.string, [], bytes);
  const failures = {
    secondStart: await failure(() =>
      native.start(configProto({ intraOp: 1, interOp: 1 }), new Uint8Array(), ''),
    ),
    shortBytes: await failure(() => native.createTensor(dataTypes.float32, [3], bytes)),
    overflowingShape: await failure(() => native.createTensor(dataTypes.float32, [2 ** 52, 2 ** 52], bytes)),
    negativeShape: await failure(() => native.createTensor(dataTypes.float32, [-1], bytes)),
    stringType: await failure(() => native.createTensor(dataTypes.string, [2], bytes)),
    smallTarget: await failure(() => native.copyTensor(x, new Uint8Array(7))),
    stringBytes: await failure(() => native.readTensor(word)),
    freedTwice: await failure(() => native.freeTensor(freedEarly)),
    unknownTensor: await failure(() => native.readTensor(999_999)),
    unknownInput: await failure(() => native.run('double', [999_999], 1)),
    unknownFunction: await failure(() => native.run('absent', [x], 1)),
    tooFewInputs: await failure(() => native.run('double', [], 1)),
    noGraph: await failure(() => native.registerFunction('bad', Uint8Array.of(255, 255), [], [], [])),
    unknownNode: await failure(() => native.registerFunction('bad', new Uint8Array(), [], ['y:0'], [])),
    // @ts-expect-error A caller in plain JavaScript might do this.
    missingArgument: await failure(() => native.createTensor(dataTypes.float32, [2])),
    // @ts-expect-error The same with an argument of another type.
    wrongArgument: await failure(() => native.run('double', 'x', 1)),
  };
  native.freeTensor(x);
  native.freeTensor(word);
  native.removeFunction('double');
  return {
    doubled: [...new Float32Array(data.slice().buffer)],
    copied: [...copied],
    description,
    failures,
    removed: await failure(() => native.run('double', [], 1)),
    left: native.countTensors(),
  } satisfies NativeAnswer;
});
