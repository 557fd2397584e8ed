import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('values/', import.meta.url);

/** Sets of values as people have them, each in a file that says who. */
export const valueFiles: readonly { readonly name: string; readonly file: string }[] = readdirSync(folder)
  .sort()
  .map((name) => ({ name: name.replace(/\.yaml$/, ''), file: fileURLToPath(new URL(name, folder)) }));

/** What a cluster with Prometheus's operator serves besides. */
export const withPrometheus = '--api-versions=monitoring.coreos.com/v1';
