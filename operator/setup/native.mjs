// Compiles the TensorFlow.js binding's own sources and trainer-image/native into one Node.js module.
// Why and how: trainer-image/native/README.md. No node-gyp: g++ and the headers of node-api-headers suffice.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { exists } from './exists.mjs';
import { tensorflowLibraries, tensorflowWheelSha256 } from './tensorflow-wheel.mjs';

/** @typedef {import('./main.mjs').SetupContext} SetupContext */

const parallelCompilers = 2;

const commonFlags = ['-O2', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8'];

// Calls of the unmodified binding that arrive in trainer-image/native instead.
const bindingFlags = [
  '-w',
  '-DTFE_NewContext=ringmaster_NewContext',
  '-DTFE_DeleteContext=ringmaster_DeleteContext',
  '-DTF_DeviceListType=ringmaster_DeviceListType',
  '-Dnapi_register_module_v1=tfjs_register',
];

const ownFlags = ['-Wall', '-Wextra', '-Werror'];

/**
 * Makes sure that the module is compiled, and writes where it is to `node_modules/.ringmaster/native.json`, where
 * the trainer looks for it.
 * @param {SetupContext} context
 * @param {import('./tensorflow-wheel.mjs').Device} device
 * @param {string} tensorflowFolder As `tensorflowWheel` returns it for that device.
 * @returns {Promise<string>} Path of the compiled `.node` file.
 */
export async function nativeBinding(context, device, tensorflowFolder) {
  const modules = path.join(context.root, 'node_modules');
  const bindingFolder = path.join(modules, '@tensorflow', 'tfjs-node-gpu', 'binding');
  const ownFolder = path.join(context.root, 'trainer-image', 'native');
  const headersFolder = path.join(modules, 'node-api-headers', 'include');

  const sources = [
    ...(await sourceFiles(bindingFolder)).map((file) => ({ file, flags: bindingFlags })),
    ...(await sourceFiles(ownFolder)).map((file) => ({ file, flags: ownFlags })),
  ];
  const key = await buildKey(sources, tensorflowWheelSha256(device));
  const folder = path.join(context.cacheFolder, 'native', key);
  const binding = path.join(folder, 'ringmaster.node');
  if (!(await exists(binding))) {
    await requireCompiler(context);
    context.log('compiling the TensorFlow binding');
    const includes = [headersFolder, path.join(tensorflowFolder, 'include'), bindingFolder].flatMap(
      (each) => ['-isystem', each],
    );
    const partial = `${folder}.partial-${String(process.pid)}`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    try {
      const jobs = sources
        .filter(({ file }) => file.endsWith('.cc'))
        .map(({ file, flags }) => ({
          object: path.join(partial, `${path.basename(file, '.cc')}.o`),
          args: [...commonFlags, ...flags, ...includes, '-c', file],
        }));
      await inParallel(jobs, parallelCompilers, ({ args, object }) =>
        compile(context, [...args, '-o', object]),
      );
      const linked = path.join(partial, 'ringmaster.node');
      await compile(context, [
        '-shared',
        ...jobs.map(({ object }) => object),
        ...tensorflowLibraries.map((library) => path.join(tensorflowFolder, library)),
        `-Wl,-rpath,${tensorflowFolder}`,
        ...['-o', linked],
      ]);
      await mkdir(folder, { recursive: true });
      await rename(linked, binding);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  await writeAtomically(path.join(modules, '.ringmaster', 'native.json'), `${JSON.stringify({ binding })}\n`);
  return binding;
}

/**
 * Everything that decides what the compiler makes, in one word.
 * @param {readonly { file: string, flags: readonly string[] }[]} sources
 * @param {string} wheelSha256
 */
async function buildKey(sources, wheelSha256) {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([wheelSha256, commonFlags, bindingFlags, ownFlags]));
  for (const { file } of sources) {
    const content = await readFile(file);
    hash.update(`\n${path.basename(file)} ${String(content.length)}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Sources and headers of a folder, sorted so that the key does not depend on the file system.
 * @param {string} folder
 */
async function sourceFiles(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cc') || name.endsWith('.h'));
  return names.sort().map((name) => path.join(folder, name));
}

/** @param {SetupContext} context */
async function requireCompiler(context) {
  const works = async () => (await context.run('g++', ['--version'])).code === 0;
  if (await works()) return;
  if ((await context.installDebianPackage('g++')) && (await works())) return;
  throw new Error(
    'a C++17 compiler is needed to build the TensorFlow binding; on Debian: apt-get install -y g++',
  );
}

/**
 * @param {SetupContext} context
 * @param {string[]} args
 */
async function compile(context, args) {
  const { code } = await context.run('g++', args);
  if (code !== 0) throw new Error(`g++ ended with code ${String(code)}: g++ ${args.join(' ')}`);
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {number} workers
 * @param {(item: T) => Promise<unknown>} work
 */
async function inParallel(items, workers, work) {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

/**
 * @param {string} file
 * @param {string} content
 */
async function writeAtomically(file, content) {
  const current = await readFile(file, 'utf8').catch(() => undefined);
  if (current === content) return;
  await mkdir(path.dirname(file), { recursive: true });
  const partial = `${file}.${String(process.pid)}`;
  await writeFile(partial, content);
  await rename(partial, file);
}
