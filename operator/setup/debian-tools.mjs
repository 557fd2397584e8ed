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
  for (const [program, name] of Object.entries(tools)) {
    const { code } = await context.run(program, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] });
    if (code === 127 && !(await context.installDebianPackage(name)))
      context.log(
        `${program} is not here; tests that need it are skipped. To install: apt-get install ${name}`,
      );
  }
}
