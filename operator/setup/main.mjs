#!/usr/bin/env node
/*
 * Everything that a fresh clone needs, on a machine with Node >= 20, npm, Python 3 and g++ only:
 * `node operator/setup/main.mjs [data] [test] [e2e] [versions] [bench] [control-loop] [cuda]`. It is plain
 * JavaScript, as it runs before anything is installed.
 * What is done already is skipped; what was interrupted is done again; nothing is printed on standard output.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchPeers } from './bench-peers.mjs';
import { controlPlane } from './control-plane.mjs';
import { debianInstaller } from './debian-packages.mjs';
import { debianTools } from './debian-tools.mjs';
import { dependencies } from './dependencies.mjs';
import { fashionMnist } from './fashion-mnist.mjs';
import { kubectlAndHelm } from './kubectl.mjs';
import { kueue } from './kueue.mjs';
import { kwok } from './kwok.mjs';
import { nativeBinding } from './native.mjs';
import { otherVersions } from './other-versions.mjs';
import { peerOperators } from './peer-operators.mjs';
import { checkPlatform } from './platform.mjs';
import { seaweedfs } from './seaweedfs.mjs';
import { tensorflowWheel } from './tensorflow-wheel.mjs';
import { wholeCluster } from './whole-cluster.mjs';

/**
 * What a step of the set-up is given.
 * @typedef {object} SetupContext
 * @property {string} root the clone's folder
 * @property {string} cacheFolder where slow things are kept between clones, keyed by content
 * @property {(line: string) => void} log tells a person what is being done
 * @property {(command: string, args: string[], options?: import('node:child_process').SpawnOptions) => Promise<{ code: number, stdout: string }>} run
 * runs a program; its standard error goes to ours; a missing program has code 127
 * @property {(name: string) => Promise<boolean>} installDebianPackage false where that is not ours to do
 */

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ringmaster');

/** @type {SetupContext['log']} */
const log = (line) => {
  process.stderr.write(`set-up: ${line}\n`);
};

/** @type {SetupContext['run']} */
const run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], ...options });
    let stdout = '';
    child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
      stdout += chunk.toString();
    });
    child.on('error', (error) => {
      if ('code' in error && error.code === 'ENOENT') resolve({ code: 127, stdout });
      else reject(error);
    });
    child.on('close', (code) => resolve({ code: code ?? 1, stdout }));
  });

const startedAt = Date.now();
try {
  const context = { root, cacheFolder, log, run, installDebianPackage: debianInstaller({ log, run }) };
  checkPlatform();
  // Only the image for GPUs asks for the other.
  const device = process.argv.includes('cuda') ? 'cuda' : 'cpu';
  await mkdir(cacheFolder, { recursive: true });
  await dependencies(context);
  await nativeBinding(context, device, await tensorflowWheel(context, device));
  const forTests = process.argv.includes('test');
  if (forTests || process.argv.includes('data')) await fashionMnist(context);
  const forControlLoop = process.argv.includes('control-loop');
  if (forTests) {
    await debianTools(context);
    await seaweedfs(context);
    await kueue(context);
  }
  if (forTests || forControlLoop) {
    await kubectlAndHelm(context);
    await kwok(context);
    await controlPlane(context);
  }
  if (forControlLoop) await peerOperators(context);
  if (process.argv.includes('versions')) await otherVersions(context);
  if (process.argv.includes('e2e')) await wholeCluster(context);
  if (process.argv.includes('bench')) {
    await seaweedfs(context);
    await benchPeers(context);
  }
  const seconds = (Date.now() - startedAt) / 1000;
  if (seconds > 2) log(`done in ${seconds.toFixed(0)} s`);
} catch (error) {
  log(`failed: ${error instanceof Error ? error.message : String(error)}`);
  log('run the same command again once that is put right; what is done is kept');
  process.exitCode = 1;
}
