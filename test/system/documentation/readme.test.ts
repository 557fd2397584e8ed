import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingRun } from '../../../operator/api/v1alpha1/training-run.ts';
import { cloneWorkingTree, type Clone, type Outcome } from './clone.ts';
import { shellBlocks } from './shell-blocks.ts';

const readme = new URL('../../../README.md', import.meta.url);

let clone: Clone;
/** Every command of the README but the one that runs this test, typed in order. */
const typed = new Map<string, Outcome>();

beforeAll(async () => {
  clone = await cloneWorkingTree();
  for (const command of await shellBlocks(readme)) {
    if (command !== 'npm test') typed.set(command, await clone.type(command));
  }
});

afterAll(() => clone.dispose());

function outcomeOf(part: string): Outcome {
  const found = [...typed].find(([command]) => command.includes(part));
  if (found === undefined) throw new Error(`the README has no command with ${part}`);
  return found[1];
}

/** The value behind a label in the summary of a run, as in `top-1    90.51 %`. */
function summaryOf(output: string, label: string): string {
  return new RegExp(`^ *${label} {2,}(.*)$`, 'm').exec(output)?.[1] ?? '';
}

describe("the README's commands", () => {
  it('all succeed', () => {
    const failed = [...typed].filter(([, { code }]) => code !== 0);
    expect(failed).toEqual([]);
    expect(typed.size).toBeGreaterThanOrEqual(5);
  });

  it('train Fashion-MNIST to 90 % top-1 in less than 4 minutes', () => {
    const { status }: TrainingRun = JSON.parse(outcomeOf('--output json').stdout) as TrainingRun;
    expect(status?.phase).toBe('Succeeded');
    expect(status?.result?.top1).toBeGreaterThanOrEqual(0.9);
    expect(status?.result?.trainSeconds).toBeLessThan(240);
    expect(status?.restarts?.total ?? 0).toBe(0);
  });

  it('print accuracy, time and paths, and draw the curves', () => {
    const { stdout } = outcomeOf('npm run quickstart');
    expect(summaryOf(stdout, 'top-1')).toMatch(/^9\d\.\d\d %$/);
    expect(summaryOf(stdout, 'checkpoint')).toContain('.ringmaster/checkpoints/default/quickstart/');
    expect(stdout).toContain('validation top-1 in %, epochs 1 to 3');
  });

  it('evaluate the checkpoint in a fresh process to exactly the accuracy that training printed', () => {
    const { status }: TrainingRun = JSON.parse(outcomeOf('--output json').stdout) as TrainingRun;
    const { stdout } = outcomeOf('evaluate');
    expect(stdout).toContain(`${((status?.result?.top1 ?? 0) * 100).toFixed(4)} %`);
  });
});
