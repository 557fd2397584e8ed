// Programs of Debian that some tests use: promtool of Prometheus, Chromium, openssl, tmux and shells. Where they cannot
// be installed these tests are skipped by name.
// Runs on any Node.js >= 20 before anything is installed, so: plain JavaScript and built-in modules only.

/** @typedef {Pick<import('./main.mjs').SetupContext, 'run' | 'log' | 'installDebianPackage'>} ToolContext */

/** Programs and the packages that bring them. */
const tools = {
  promtool: 'prometheus',
  chromium: 'chromium',
  openssl: 'openssl',
  tmux: 'tmux',
  zsh: 'zsh',
  fish: 'fish',
};

/**
 * Installs what is missing, as far as that is ours to do.
 * @param {ToolContext} context
 */
export async function debianTools(context) {
  await installMissing(context, tools, 'tests that need it are skipped');
}

/**
 * Installs the packages of programs that are missing, as far as that is ours to do, and says which are not to be had.
 * @param {ToolContext} context
 * @param {Readonly<Record<string, string>>} programs with the packages that bring them
 * @param {string} outcome of one that stays missing, for people
 * @returns {Promise<string[]>} Programs that stay missing.
 */
export async function installMissing(context, programs, outcome) {
  const missing = [];
  for (const [program, name] of Object.entries(programs)) {
    const { code } = await context.run(program, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] });
    if (code !== 127 || (await context.installDebianPackage(name))) continue;
    context.log(`${program} is not here; ${outcome}. To install: apt-get install ${name}`);
    missing.push(program);
  }
  return missing;
}
