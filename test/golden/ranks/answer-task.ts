import { startTensorFlow, type TensorFlow } from '../../../trainer-image/tensorflow/tensorflow.ts';
import type { RankArguments } from '../run-ranks.ts';

/** The rank's side of `startRanks`: starts TensorFlow, does the task and sends the answer. */
export async function answerTask<Task>(
  work: (tensorflow: TensorFlow, task: Task) => Promise<unknown>,
): Promise<void> {
  const { rank, addresses, task } = JSON.parse(process.argv[2] ?? '') as RankArguments<Task>;
  const tensorflow = startTensorFlow({ threads: { intraOp: 1, interOp: 1 }, cluster: { addresses, rank } });
  process.send?.(await work(tensorflow, task), () => {
    // A server that joined a cluster has no clean end.
    process.exit(0);
  });
}
