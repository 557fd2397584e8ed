import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assemble } from '../../operator/image/assemble.ts';

/** The operator as its image starts it, in the terms of `startManager`. */
export interface ShippedOperator {
  readonly program: string;
  readonly nodeFlags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles the operator into a folder, and reads from its Dockerfile how it is started. */
export async function shippedOperator(folder: string): Promise<ShippedOperator> {
  await assemble({ image: 'operator', root, others: [] }, folder);
  const dockerfile = await readFile(join(root, 'operator/Dockerfile'), 'utf8');
  const entrypoint = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
  const nodeFlags = entrypoint.filter((word) => word.startsWith('--'));
  const assignments = [...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)];
  const environment = Object.fromEntries(assignments.map(([, name = '', value = '']) => [name, value]));
  if (nodeFlags.length === 0 || assignments.length === 0)
    throw new Error(
      'operator/Dockerfile does not say how the operator is started in the way that is known here',
    );
  return { program: join(folder, 'operator/cli/manager-main.cjs'), nodeFlags, environment };
}
