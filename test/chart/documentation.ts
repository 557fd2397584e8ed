import { readdirSync } from 'node:fs';
import { shellBlocks } from '../system/documentation/shell-blocks.ts';

const root = new URL('../../', import.meta.url);

/** The pages for people, besides the README, whose commands are typed by a test of their own. */
export const pages: readonly URL[] = [
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => new URL(`docs/${file}`, root)),
  new URL('charts/ringmaster/README.md', root),
  new URL('CONTRIBUTING.md', root),
];

/** Every command that these pages tell to type, once: first to install, last to take it away again. */
export async function documentedCommands(): Promise<string[]> {
  const blocks = (await Promise.all(pages.map(shellBlocks))).flat();
  const commands = [...new Set(blocks)];
  const order = ['helm install', 'helm upgrade', '', 'helm uninstall'];
  const place = (command: string) => {
    const word = order.find((beginning) => beginning !== '' && command.startsWith(beginning));
    return order.indexOf(word ?? '');
  };
  return commands.sort((a, b) => place(a) - place(b));
}
