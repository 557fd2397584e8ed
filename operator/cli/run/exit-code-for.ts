import { exitCodes } from '../../api/trainer/exit-codes.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import { commandExitCodes } from '../exit-codes.ts';
import type { EndingSignal } from './interruption.ts';

/** 0 only if every run succeeded; the trainer's own code when all failures that are for good have the same. */
export function exitCodeFor(objects: readonly TrainingRun[], signal: EndingSignal | undefined): number {
  if (objects.every(({ status }) => status?.phase === 'Succeeded')) return commandExitCodes.success;
  const failures = objects.filter(({ status }) => status?.phase === 'Failed');
  if (failures.length === 0 && signal !== undefined) {
    return signal === 'SIGINT' ? commandExitCodes.interrupted : commandExitCodes.terminated;
  }
  const permanent: readonly (number | undefined)[] = [
    exitCodes.invalidRecipe,
    exitCodes.invalidData,
    exitCodes.diverged,
  ];
  const codes = new Set(failures.map(({ status }) => status?.lastFailure?.exitCode));
  const [code] = codes;
  return codes.size === 1 && code !== undefined && permanent.includes(code) ? code : commandExitCodes.failed;
}
