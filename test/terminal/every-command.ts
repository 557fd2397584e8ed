/** A command line as a person types it after `ringmaster`, and how it ends. */
export interface CommandLine {
  readonly line: string;
  readonly exitCode: number;
  /** It goes on until Ctrl-C, which is typed when this is to be seen. */
  readonly interruptedAt?: RegExp;
  /** It shows what was measured, which is different each time. */
  readonly measures?: true;
  /** What is to be seen, where all of it would say more of something else than of this command. */
  readonly shows?: RegExp;
}

const done = (line: string): CommandLine => ({ line, exitCode: 0 });
const measured = (line: string): CommandLine => ({ ...done(line), measures: true });
const refused = (line: string): CommandLine => ({ line, exitCode: 64 });

/**
 * What is typed of every command, in a folder with the manifests, the data and the trained run of `folder-of-work.ts`, by
 * somebody whose cluster is that of `cluster-of-runs.ts`. None changes anything, so that they can be typed in any order.
 */
export const everyCommand: Readonly<Record<string, readonly CommandLine[]>> = {
  run: [measured('run small.yaml --dir here')],
  validate: [done('validate small.yaml'), refused('validate wrong.yaml')],
  evaluate: [measured('evaluate checkpoints/default/small/*/step-*2')],
  submit: [done('submit letters.yaml -n vision')],
  get: [
    done('get -n vision'),
    done('get sweeps -n vision'),
    refused('get nothing -n vision'),
    measured('get --dir here'),
  ],
  watch: [{ line: 'watch -n vision', exitCode: 130, interruptedAt: /letters[ :]+Succeeded/ }],
  sweep: [done('sweep tricks -n vision')],
  logs: [done('logs digits -n vision')],
  events: [done('events -n vision')],
  suspend: [done('suspend waiting -n vision')],
  resume: [done('resume digits -n vision')],
  plot: [done('plot digits -n vision')],
  compare: [done('compare digits letters -n vision')],
  report: [done('report small --dir here'), done('report tricks -n vision')],
  profile: [
    {
      ...done('profile small.yaml'),
      shows: /^ +\d+ {2}Conv2D float32$[^]*^\d+ nodes, \d+ casts between types$/m,
    },
  ],
  checkpoints: [measured('checkpoints list checkpoints'), measured('checkpoints show checkpoints')],
  data: [done('data index images --format image-folder')],
  explain: [done('explain trainingrun.spec.recipe.labelSmoothing')],
  completion: [done('completion bash')],
  manager: [
    refused('manager'),
    {
      line: 'manager --trainer-image trainer:1 --namespace default --no-leader-election --identity me --listen 127.0.0.1:0',
      exitCode: 0,
      measures: true,
      interruptedAt: /the controllers have seen everything and begin/,
    },
  ],
};
