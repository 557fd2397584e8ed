import type { TrainingEnvironment } from '../../api/trainer/training-environment.ts';
import { fromTimestamp } from '../../base/clock.ts';
import { formatDurationMs } from '../../base/durations.ts';
import { formatBytes } from '../../base/quantities.ts';
import { formatEpoch, formatPercent, formatSeconds } from '../display/figures.ts';
import { drawTable } from '../display/table.ts';
import type { CheckpointDetails, CheckpointSummary } from './checkpoint-documents.ts';

/** A table of checkpoints, as kubectl prints one. */
export function describeCheckpoints(
  checkpoints: readonly CheckpointSummary[],
  nowMs: number,
  goodWord: 'complete' | 'verified',
): string[] {
  if (checkpoints.length === 0) return ['no checkpoints'];
  const heading = ['RUN', 'STEP', 'EPOCH', 'TOP1', 'ATTEMPT', 'SIZE', 'AGE', 'STATE', 'URI'];
  const rows = checkpoints.map(({ run, step, epoch, top1, attempt, sizeBytes, savedAt, problem, uri }) => [
    run === undefined ? '' : runName(run),
    String(step),
    epoch === undefined ? '' : formatEpoch(epoch),
    top1 === undefined ? '' : formatPercent(top1),
    attempt === undefined ? '' : String(attempt),
    formatBytes(sizeBytes),
    ageOf(savedAt, nowMs),
    problem ?? goodWord,
    uri,
  ]);
  return drawTable([heading, ...rows]);
}

/** One checkpoint in lines of name and value. */
export function describeCheckpoint(details: CheckpointDetails, nowMs: number): string[] {
  const { uri, run, step, epoch, attempt, top1, savedAt, sizeBytes, files, state } = details;
  const { environment } = state;
  const { depth, variant, classes, imageSize } = state.spec.model;
  const last = state.history.at(-1);
  const fields: [string, string | undefined][] = [
    ['uri', uri],
    ['run', run],
    ['model', `ResNet-${depth}-${variant}, ${classes} classes, ${imageSize} x ${imageSize} pixels`],
    ['step', String(step)],
    ['epoch', epoch === undefined ? undefined : formatEpoch(epoch)],
    ['top-1', top1 === undefined ? undefined : formatPercent(top1)],
    [
      'best',
      state.best === undefined ? undefined : `${formatPercent(state.best.top1)} at step ${state.best.step}`,
    ],
    [
      'loss',
      last === undefined
        ? undefined
        : `${last.trainLoss.toFixed(4)} training, ${last.validationLoss.toFixed(4)} validation`,
    ],
    ['attempt', attempt === undefined ? undefined : `${attempt}, ${state.worldSize} ranks`],
    ['trained', formatSeconds(state.trainSeconds)],
    ['with', environment === undefined ? undefined : describeEnvironment(environment)],
    ['saved', savedAt === undefined ? undefined : `${savedAt}, ${ageOf(savedAt, nowMs)} ago`],
    ['size', formatBytes(sizeBytes)],
    ...Object.entries(files).map(([name, bytes]): [string, string] => [`  ${name}`, formatBytes(bytes)]),
    ['weights', state.weightsHash],
  ];
  return drawTable(fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function describeEnvironment({ tensorflow, node, processor, threadsPerRank }: TrainingEnvironment): string {
  const threads = `${threadsPerRank} ${threadsPerRank === 1 ? 'thread' : 'threads'} a rank`;
  return [`TensorFlow ${tensorflow}`, `Node ${node}`, threads, processor]
    .filter((text) => text !== '')
    .join(', ');
}

/** `namespace/run` of the key under which a run writes; the UID is in the location. */
function runName(prefix: string): string {
  return prefix.split('/').slice(0, 2).join('/');
}

function ageOf(savedAt: string | undefined, nowMs: number): string {
  const savedMs = fromTimestamp(savedAt);
  return savedMs === undefined ? '' : formatDurationMs(nowMs - savedMs);
}
