import { parseArgs } from 'node:util';
import { exitCodeOf, exitCodes } from '../operator/api/trainer/exit-codes.ts';
import {
  downloadCheckpoint,
  exportCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
  showCheckpoint,
  verifyCheckpoints,
} from './checkpoint/manage-checkpoints.ts';
import type { StorageAccess } from './storage/storage-access.ts';
import { toFailure } from './train/failure.ts';

/**
 * Looks after checkpoints in a process of its own: `checkpoints.ts list|verify|show|prune|download|export URI`.
 * Prints one line of JSON, or what went wrong on standard error, with an exit code of `exit-codes.ts`.
 */
const usage =
  'usage: checkpoints.ts list|verify|show|prune|download|export URI [--endpoint URL] [--credentials FOLDER] [--to PATH] [--keep-last N] [--keep-best] [--backbone]\n';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    endpoint: { type: 'string' },
    credentials: { type: 'string' },
    to: { type: 'string' },
    'keep-last': { type: 'string' },
    'keep-best': { type: 'boolean' },
    backbone: { type: 'boolean' },
  },
});

const act = actionOf(positionals);
if (act === undefined) {
  process.stderr.write(usage);
  process.exit(exitCodes.invalidRecipe);
}
try {
  process.stdout.write(`${JSON.stringify(await act())}\n`);
} catch (error) {
  const { reason, message } = toFailure(error, undefined);
  process.stderr.write(`${reason}: ${message}\n`);
  process.exitCode = exitCodeOf(reason);
}

function actionOf([action, uri, ...rest]: readonly string[]): (() => Promise<unknown>) | undefined {
  if (uri === undefined || rest.length > 0) return undefined;
  const { endpoint, credentials, to } = values;
  const access: StorageAccess = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentialsFolder: credentials }),
  };
  const last = Number(values['keep-last']);
  switch (action) {
    case 'list':
      return () => listCheckpoints(uri, access);
    case 'verify':
      return () => verifyCheckpoints(uri, access);
    case 'show':
      return () => showCheckpoint(uri, access);
    case 'prune': {
      const keep = { last, best: values['keep-best'] ?? false };
      return Number.isInteger(last) && last >= 1 ? () => pruneCheckpoints(uri, access, keep) : undefined;
    }
    case 'download':
      return to === undefined ? undefined : () => downloadCheckpoint(uri, access, to);
    case 'export':
      return to === undefined
        ? undefined
        : () => exportCheckpoint(uri, access, to, values.backbone === true ? 'backbone' : 'network');
    default:
      return undefined;
  }
}
