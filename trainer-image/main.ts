import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  agentVariables,
  Assignment,
  assignmentVariable,
  defaultCredentialsFolder,
  defaultTerminationLog,
  logLevelVariable,
} from '../operator/api/trainer/environment.ts';
import { exitCodeOf } from '../operator/api/trainer/exit-codes.ts';
import type { TerminationMessage } from '../operator/api/trainer/termination-message.ts';
import { systemClock } from '../operator/base/clock.ts';
import { describeError } from '../operator/base/errors.ts';
import { createLogger, logLevelOf, standardError } from '../operator/base/logging.ts';
import { supervise } from './supervisor/supervisor.ts';
import { writeTerminationMessage } from './supervisor/termination.ts';

/** The program of a trainer pod. It takes everything from its environment and ends with a code of `exit-codes.ts`. */
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stop.abort();
  });
}

// From its sources this is main.ts, in an image main.js.
const thisProgram = fileURLToPath(import.meta.url);
const rankProgram = path.join(path.dirname(thisProgram), `rank${path.extname(thisProgram)}`);

const assignment = readAssignment(process.env[assignmentVariable]);
const log = createLogger(
  logLevelOf(process.env[logLevelVariable]),
  {
    component: 'supervisor',
    ...(assignment.ok ? { run: assignment.value.run, attempt: assignment.value.attempt } : {}),
  },
  standardError(process.stderr),
);
const lastWords: TerminationMessage = assignment.ok
  ? await supervise({
      assignment: assignment.value,
      podAddress: process.env[agentVariables.podAddress],
      hostsFile: process.env[agentVariables.hostsFile],
      credentialsFolder: process.env[agentVariables.credentialsFolder] ?? defaultCredentialsFolder,
      temporaryFolder: tmpdir(),
      rankProgram,
      environment: process.env,
      stop: stop.signal,
      clock: systemClock,
      log,
    })
  : { reason: 'InvalidRecipe', message: assignment.problem };

const terminationLog = process.env[agentVariables.terminationLog] ?? defaultTerminationLog;
await writeTerminationMessage(terminationLog, lastWords, log);
process.exit(exitCodeOf(lastWords.reason));

function readAssignment(
  text: string | undefined,
): { readonly ok: true; readonly value: Assignment } | { readonly ok: false; readonly problem: string } {
  if (text === undefined) {
    return {
      ok: false,
      problem: `${assignmentVariable} is not set; the operator sets it on the pods it makes.`,
    };
  }
  try {
    return { ok: true, value: Assignment.parse(JSON.parse(text)) };
  } catch (error) {
    return { ok: false, problem: `${assignmentVariable} is not a valid assignment: ${describeError(error)}` };
  }
}
