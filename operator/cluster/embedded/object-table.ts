import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { describeError } from '../../base/errors.ts';
import { ClusterError } from '../cluster-error.ts';
import type { ObjectKey } from '../cluster.ts';
import { parseStored, type StoredObject } from './wire-object.ts';

/** A row that says which object, without the object. */
export interface ObjectReference extends ObjectKey {
  readonly plural: string;
}

const schema = `
  CREATE TABLE IF NOT EXISTS objects (
    plural TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    resource_version INTEGER NOT NULL,
    owned INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (plural, namespace, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS owned_objects ON objects (owned) WHERE owned = 1;
  CREATE TABLE IF NOT EXISTS counter (resource_version INTEGER NOT NULL) STRICT;
  INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter);
`;

/** Version of the schema above, kept in the file; a newer one belongs to a newer release. */
const schemaVersion = 1;

/**
 * The objects on disk. Each transaction is on the platter when it returns: write-ahead log with synchronous FULL, so that
 * neither a killed process nor a power cut takes back what was acknowledged (https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
export class ObjectTable {
  readonly #database: DatabaseSync;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#database = new DatabaseSync(join(folder, 'objects.sqlite'), { timeout: 5000 });
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const found = numberIn(this.#database.prepare('PRAGMA user_version').get(), 'user_version');
    if (found > schemaVersion) {
      this.#database.close();
      throw new ClusterError(
        'Unavailable',
        `the state folder ${folder} was written by a newer release (schema ${found}, this one knows ${schemaVersion}); use that release or another folder`,
      );
    }
    this.transact(() => this.#database.exec(`${schema} PRAGMA user_version = ${schemaVersion};`));
  }

  close(): void {
    this.#database.close();
  }

  /** Runs `work` as one transaction: all of it is durable when this returns, or none of it when this throws. */
  transact<T>(work: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      if (error instanceof ClusterError) throw error;
      throw new ClusterError(
        'Unavailable',
        `the state in ${this.#folder} could not be written: ${describeError(error)}`,
        { cause: error },
      );
    }
  }

  /** The next number of the one counter that orders all writes. */
  nextResourceVersion(): number {
    const row = this.#database
      .prepare('UPDATE counter SET resource_version = resource_version + 1 RETURNING resource_version')
      .get();
    return numberIn(row, 'resource_version');
  }

  get(plural: string, { namespace, name }: ObjectKey): StoredObject | undefined {
    const row = this.#database
      .prepare('SELECT json FROM objects WHERE plural = ? AND namespace = ? AND name = ?')
      .get(plural, namespace, name);
    return row === undefined ? undefined : parseStored(textIn(row, 'json'));
  }

  /** Objects of one resource in the order of their names. */
  list(plural: string, namespace?: string): StoredObject[] {
    const rows =
      namespace === undefined
        ? this.#all('SELECT json FROM objects WHERE plural = ? ORDER BY namespace, name', plural)
        : this.#all(
            'SELECT json FROM objects WHERE plural = ? AND namespace = ? ORDER BY name',
            plural,
            namespace,
          );
    return rows.map((row) => parseStored(textIn(row, 'json')));
  }

  put(plural: string, object: StoredObject, resourceVersion: number): void {
    const { namespace, name, uid, ownerReferences } = object.metadata;
    this.#database
      .prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(
        plural,
        namespace,
        name,
        uid,
        resourceVersion,
        (ownerReferences ?? []).length > 0 ? 1 : 0,
        JSON.stringify(object),
      );
  }

  remove(plural: string, { namespace, name }: ObjectKey): void {
    this.#database
      .prepare('DELETE FROM objects WHERE plural = ? AND namespace = ? AND name = ?')
      .run(plural, namespace, name);
  }

  /** Objects that have owners of which none exists any more. */
  orphans(): ObjectReference[] {
    return this.#all(
      `
      SELECT plural, namespace, name FROM objects AS child
      WHERE owned = 1 AND NOT EXISTS (
        SELECT 1 FROM json_each(child.json, '$.metadata.ownerReferences') AS reference
        JOIN objects AS owner ON owner.uid = reference.value ->> 'uid')
    `,
    ).map(referenceIn);
  }

  /** The objects of one resource that were written longest ago, beyond the newest `keep`. */
  oldestBeyond(plural: string, keep: number): ObjectReference[] {
    return this.#all(
      'SELECT plural, namespace, name FROM objects WHERE plural = ? ORDER BY resource_version DESC LIMIT -1 OFFSET ?',
      plural,
      keep,
    ).map(referenceIn);
  }

  #all(sql: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    return this.#database.prepare(sql).all(...values);
  }
}

function referenceIn(row: Record<string, SQLOutputValue>): ObjectReference {
  return { plural: textIn(row, 'plural'), namespace: textIn(row, 'namespace'), name: textIn(row, 'name') };
}

function textIn(row: Record<string, SQLOutputValue>, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`column ${column} is not text`);
  return value;
}

function numberIn(row: Record<string, SQLOutputValue> | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new TypeError(`column ${column} is not a number`);
  return value;
}
