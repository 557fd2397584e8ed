import { readFile } from 'node:fs/promises';

/** The commands of a Markdown page: its blocks marked `sh`, in order. */
export async function shellBlocks(file: URL): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands = '']) => commands.trim());
}
