import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import {
  agentVariables,
  Assignment,
  assignmentVariable,
  supervisorPort,
} from '../../../operator/api/trainer/environment.ts';
import type { ProgressDocument } from '../../../operator/api/trainer/progress.ts';
import {
  formatTerminationMessage,
  type TerminationMessage,
} from '../../../operator/api/trainer/termination-message.ts';
import { toTimestamp } from '../../../operator/base/clock.ts';

/*
 * Stands in for the trainer where the command line is under test: three epochs in a second and a half, no TensorFlow.
 * FAKE says how it ends: `succeed`, `bad-data`, `restart` (the first attempt loses a rank) or `wait` (for SIGTERM, once;
 * with a checkpoint to continue from it succeeds), or `stubborn` (it ignores SIGTERM).
 */
const assignment = Assignment.parse(JSON.parse(process.env[assignmentVariable] ?? ''));
const behaviour = process.env.FAKE ?? 'succeed';
const folder = assignment.spec.checkpoints.uri;
const checkpointUri = `${folder}/step-3`;
const steps = 300;

process.stderr.write(`{"level":"info","rank":0,"msg":"attempt ${assignment.attempt} begins"}\n`);

let epoch = existsSync(checkpointUri) ? 2 : 0;

function document(): ProgressDocument {
  const updatedAt = toTimestamp(Date.now());
  return {
    runUid: assignment.runUid,
    attempt: assignment.attempt,
    state: 'Training',
    lastStepAtMs: Date.now(),
    progress: {
      epoch,
      epochs: 3,
      step: epoch * 100,
      steps,
      percent: Math.floor((epoch * 100) / 3),
      imagesPerSecond: 1000,
      etaSeconds: 3 - epoch,
      loss: 1 / (epoch + 1),
      learningRate: 0.05,
      ...(epoch === 0 ? {} : { validation: { epoch, top1: 0.3 * epoch, top5: 0.99, loss: 0.5 } }),
      updatedAt,
    },
    history: [],
  };
}

function end(exitCode: number, message: TerminationMessage): never {
  writeFileSync(process.env[agentVariables.terminationLog] ?? '', formatTerminationMessage(message));
  process.exit(exitCode);
}

function saveCheckpoint(): NonNullable<TerminationMessage['checkpoint']> {
  mkdirSync(checkpointUri, { recursive: true });
  const history = [1, 2, 3].map((at) => ({
    epoch: at,
    trainLoss: 1 / at,
    learningRate: 0.05,
    top1: 0.3 * at,
  }));
  writeFileSync(`${checkpointUri}/state.json`, JSON.stringify({ history }));
  return { step: epoch * 100, epoch, uri: checkpointUri, savedAt: toTimestamp(Date.now()) };
}

createServer((_request, response) => response.end(JSON.stringify(document()))).listen(
  supervisorPort,
  process.env[agentVariables.podAddress],
);

process.on('SIGTERM', () => {
  if (behaviour === 'stubborn') return;
  end(143, {
    reason: 'Terminated',
    message: 'told to stop',
    step: epoch * 100,
    checkpoint: saveCheckpoint(),
  });
});

setInterval(() => {
  if (behaviour === 'bad-data') end(65, { reason: 'InvalidData', message: 'train-images is truncated' });
  if (behaviour === 'restart' && assignment.attempt === 1) {
    end(75, { reason: 'RankKilled', message: 'rank 1 was ended by SIGKILL', rank: 1, exitCode: 137 });
  }
  if (behaviour === 'wait' && !existsSync(checkpointUri)) return;
  if (behaviour === 'stubborn') return;
  epoch += 1;
  if (epoch < 3) return;
  const checkpoint = saveCheckpoint();
  const { progress } = document();
  end(0, {
    reason: 'Completed',
    message: 'done',
    step: steps,
    checkpoint,
    ...(progress === undefined ? {} : { progress }),
    result: { top1: 0.9, top5: 0.99, epochs: 3, trainSeconds: 1.5, uri: checkpoint.uri },
  });
}, 500);
