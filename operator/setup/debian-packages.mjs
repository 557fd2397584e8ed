import { access } from 'node:fs/promises';

/**
 * Makes the function that installs Debian packages where that is possible: as root, on a system with apt-get.
 * The package lists are fetched once, and only if something is to be installed.
 * @param {Pick<import('./main.mjs').SetupContext, 'log' | 'run'>} context
 * @returns {import('./main.mjs').SetupContext['installDebianPackage']}
 */
export function debianInstaller({ log, run }) {
  /** @type {Promise<unknown> | undefined} */
  let listsFetched;
  return async (name) => {
    const hasApt = await access('/usr/bin/apt-get').then(
      () => true,
      () => false,
    );
    if (!hasApt || process.getuid?.() !== 0) return false;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    log(`installing the system package ${name}`);
    listsFetched ??= run('apt-get', ['update', '-qq'], { env });
    await listsFetched;
    const { code } = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env });
    return code === 0;
  };
}
