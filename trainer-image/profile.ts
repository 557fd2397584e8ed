import { text } from 'node:stream/consumers';
import { ResolvedSpec } from '../operator/api/v1alpha1/resolved-spec.ts';
import { exitCodeOf } from '../operator/api/trainer/exit-codes.ts';
import { describeRecording, summarizeRecording } from './tensorflow/describe-recording.ts';
import { toFailure } from './train/failure.ts';
import { recordTrainingStep } from './train/profile-step.ts';

/**
 * Prints the graph of a training step: `profile.ts [--graph] < SPEC`, with the trainer's part of a run's spec as JSON
 * on standard input. Without `--graph` only the counts of its operations. What goes wrong is said on standard error,
 * with an exit code of `exit-codes.ts`.
 */
// Errors only: what TensorFlow says besides is about its own build.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
try {
  const recording = await recordTrainingStep(ResolvedSpec.parse(JSON.parse(await text(process.stdin))));
  const describe = process.argv.includes('--graph') ? describeRecording : summarizeRecording;
  process.stdout.write(`${describe(recording).join('\n')}\n`);
} catch (error) {
  const { reason, message } = toFailure(error, undefined);
  process.stderr.write(`${reason}: ${message}\n`);
  process.exitCode = exitCodeOf(reason);
}
