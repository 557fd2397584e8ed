import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { exitCodeOf, exitCodes } from '../operator/api/trainer/exit-codes.ts';
import { evaluateCheckpoint } from './train/evaluate-checkpoint.ts';
import { toFailure } from './train/failure.ts';

/**
 * Evaluates a checkpoint in a process of its own: `evaluate.ts CHECKPOINT [--data FOLDER] [--endpoint URL] [--credentials FOLDER]`.
 * Prints one line of JSON, `{top1, top5, loss, count, step, epoch}`, or what went wrong on standard error, with an
 * exit code of `exit-codes.ts`.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string' }, endpoint: { type: 'string' }, credentials: { type: 'string' } },
});
const [uri, ...rest] = positionals;
if (uri === undefined || rest.length > 0) {
  process.stderr.write(
    'usage: evaluate.ts CHECKPOINT [--data FOLDER] [--endpoint URL] [--credentials FOLDER]\n',
  );
  process.exit(exitCodes.invalidRecipe);
}
// Errors only: what TensorFlow says besides is about its own build.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
try {
  const { data, endpoint, credentials } = values;
  const storage = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentialsFolder: credentials }),
  };
  const threads = availableParallelism();
  const result = await evaluateCheckpoint({ uri, threads, storage, ...(data === undefined ? {} : { data }) });
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  const { reason, message } = toFailure(error, undefined);
  process.stderr.write(`${reason}: ${message}\n`);
  process.exitCode = exitCodeOf(reason);
}
