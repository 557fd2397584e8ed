import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';

/** What an image is of: the operator, which is the manager alone, or the trainer with its rank processes. */
export type ImageName = 'operator' | 'trainer';

/**
 * The programs of an image, and the folder that their bundles get below the image's own: as deep as it is in the
 * sources, because programs find `package.json` and each other from where they are.
 */
const contents: Readonly<
  Record<ImageName, { readonly programs: readonly string[]; readonly folder: string }>
> = {
  operator: { programs: ['operator/cli/manager-main.ts'], folder: 'operator/cli' },
  trainer: {
    programs: ['main', 'rank', 'evaluate', 'profile', 'checkpoints', 'data', 'throughput'].map(
      (name) => `trainer-image/${name}.ts`,
    ),
    folder: 'trainer-image/programs',
  },
};

/**
 * The operator is a CommonJS module, for its memory: of an ES module Node holds the text twice, and an import of
 * `node:http` reads all that it exports, of which WebSocket loads Node's own fetch. Programs of the trainer wait for
 * others at their top level, which only ES modules can; packages that are CommonJS call `require`, which those lack.
 */
const formats: Readonly<Record<ImageName, BuildOptions>> = {
  operator: {
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': 'ringmasterUrl' },
    banner: { js: "const ringmasterUrl = require('node:url').pathToFileURL(__filename).href;" },
  },
  trainer: {
    format: 'esm',
    banner: {
      js: "import { createRequire as ringmasterRequire } from 'node:module'; const require = ringmasterRequire(import.meta.url);",
    },
  },
};

/**
 * Bundles the programs of an image, so that it needs neither sources nor node_modules. The same sources give the same
 * bytes.
 * @param root folder of the sources, with node_modules
 * @returns folders of the packages that something was taken from, relative to `root`, sorted
 */
export async function bundle(image: ImageName, root: string, folder: string): Promise<string[]> {
  const { programs, folder: below } = contents[image];
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...programs],
    outdir: path.join(folder, below),
    bundle: true,
    // No shared parts: esbuild would lose the named exports of CommonJS packages that are imported when needed.
    splitting: false,
    platform: 'node',
    // Paths are the same where node_modules is a link.
    preserveSymlinks: true,
    target: 'node24',
    ...formats[image],
    // Names stay, for the sake of stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
  });
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  return [...new Set(used.flatMap((file) => packageFolder(file) ?? []))].sort();
}

/** The folder of the package that a file belongs to; undefined for files of our own. */
function packageFolder(file: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** A package whose code is in a bundle. */
export interface BundledPackage {
  /** Relative to the sources, as the lock file names it. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** As package.json states it, an SPDX expression as a rule. */
  readonly license: string;
}

/** Reads what packages say of themselves. */
export async function describePackages(root: string, folders: readonly string[]): Promise<BundledPackage[]> {
  return Promise.all(
    folders.map(async (folder) => {
      const { name, version, license } = JSON.parse(
        await readFile(path.join(root, folder, 'package.json'), 'utf8'),
      ) as { name: string; version: string; license?: unknown };
      return { folder, name, version, license: typeof license === 'string' ? license : 'NOASSERTION' };
    }),
  );
}
