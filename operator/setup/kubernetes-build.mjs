// What all programs made of Kubernetes' own packages have in common: how they are linked, and what keys their cache.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

import { createHash } from 'node:crypto';

/**
 * Flags of Go's linker. Without its version the server calls itself v0.0.0-master, and clients then refuse to talk to it.
 * @param {string} version of Kubernetes, such as v1.36.3
 */
export function linkerFlags(version) {
  const versionPackage = 'k8s.io/component-base/version';
  const [major = '', minor = ''] = version.replace(/^v/, '').split('.');
  return [
    ...['-s', '-w'],
    `-X ${versionPackage}.gitVersion=${version}`,
    `-X ${versionPackage}.gitMajor=${major}`,
    `-X ${versionPackage}.gitMinor=${minor}`,
  ].join(' ');
}

/**
 * Everything that decides what the compiler makes, in one word.
 * @param {string} flags of the linker
 * @param {readonly (readonly [name: string, content: Buffer])[]} sources
 */
export function buildKey(flags, sources) {
  const hash = createHash('sha256').update(flags);
  for (const [name, content] of sources) {
    hash.update(`\n${name} ${String(content.length)}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
