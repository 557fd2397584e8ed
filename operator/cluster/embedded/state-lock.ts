import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RingmasterError } from '../../base/errors.ts';

/** Another process works on the state folder. Reason `StateLocked`. */
export class StateLockedError extends RingmasterError {
  declare readonly reason: 'StateLocked';

  constructor(message: string, options?: ErrorOptions) {
    super('StateLocked', message, options);
  }
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

/**
 * Takes a folder for this process alone, until the returned function is called or the process ends in any way.
 *
 * The lock is SQLite's own exclusive lock on an empty database: the kernel gives it back when the holder dies, so a
 * lock is never stale and no process id is ever trusted. The id beside it only serves the message.
 * @throws StateLockedError when another process, or this one, holds the folder
 */
export function lockStateFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const holderFile = join(folder, 'lock-holder');
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    const holder = readHolder(holderFile);
    throw new StateLockedError(
      `the state folder ${folder} is in use by ${holder === undefined ? 'another process' : `process ${holder}`}; ` +
        `wait for it to end, stop it${holder === undefined ? '' : ` (kill ${holder})`}, or choose another folder`,
      { cause: error },
    );
  }
  writeFileSync(holderFile, `${process.pid}\n`);
  return () => database.close();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}

function readHolder(file: string): string | undefined {
  try {
    const pid = readFileSync(file, 'utf8').trim();
    return /^[0-9]+$/.test(pid) ? pid : undefined;
  } catch {
    return undefined; // The holder has the lock and has not yet written its name.
  }
}
