import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const files = {
  create: 'test/integration/gang-create.test.ts',
  failure: 'test/integration/gang-failure.test.ts',
  end: 'test/integration/gang-end.test.ts',
  kueue: 'test/integration/kueue.test.ts',
  crd: 'test/integration/api-server-crd.test.ts',
  badManifests: 'test/integration/api-server-bad-manifests.ts',
  plan: 'operator/plan/plan.spec.ts',
  failureSpec: 'operator/plan/plan.failure.spec.ts',
  queueing: 'operator/plan/queueing.spec.ts',
  progress: 'operator/controllers/progress-reader.spec.ts',
  sweepCrd: 'test/integration/sweep-crd.test.ts',
} as const;

/** `file: title` of a test that shows it. */
type Shown = `${keyof typeof files}: ${string}`;

interface Behaviour {
  /** What other operators are tested for. */
  readonly words: string;
  readonly shownBy?: readonly Shown[];
  /** Why all or a part of it does not apply here. */
  readonly notHere?: string;
}

const oneGroup = 'a run has one group of pods, which starts, fails and restarts as a whole';
const fixedSize =
  'the world size is a part of the recipe, so a gang does not change its size while it trains';

/**
 * What other operators of training jobs are tested for, numbered as in a survey of Kubeflow's trainer and
 * training-operator, JobSet, Kueue, KubeRay and Volcano, with the tests that hold this operator to it.
 */
const behaviours: Readonly<Record<number, Behaviour>> = {
  1: {
    words: 'children exist with owner and environment',
    shownBy: ['create: gets its pods, Service and NetworkPolicy, all owned by it, labelled'],
  },
  2: {
    words: 'pods carry labels',
    shownBy: ['create: gets its pods, Service and NetworkPolicy, all owned by it, labelled'],
    notHere: 'a run has no labels or annotations for its pods that could be copied',
  },
  3: {
    words: 'children of an owner of the same name but another UID are ignored',
    shownBy: [
      'create: ignores pods that wear its labels and are not its own',
      'create: is never taken over by a run of the same name that comes later',
    ],
  },
  4: {
    words: 'only the pod that is missing is made',
    shownBy: [
      'create: is made again when somebody deletes it: a pod that has not started',
      'plan: gets only the pods that are missing, after a crash between two of them',
    ],
  },
  5: {
    words: 'no pod is left over when there are to be fewer',
    shownBy: ['create: takes another size while it is suspended, and no pod is left over'],
  },
  6: {
    words: 'a deleted Service is made again',
    shownBy: [
      'create: is made again when somebody deletes it',
      'plan: gets its Service again when somebody deletes it',
    ],
  },
  7: {
    words: 'the Service is named after a generated name',
    shownBy: ['create: with a generated name names everything after the final one'],
  },
  8: {
    words: 'orphans are adopted, pods of others never',
    shownBy: ['create: ignores pods that wear its labels and are not its own'],
    notHere: 'names of pods follow from run and attempt, so there are no orphans to adopt',
  },
  9: {
    words: 'a manifest that is applied twice changes nothing',
    shownBy: ['create: that is applied twice has the same generation'],
  },
  10: {
    words: 'the status counts the pods',
    shownBy: ['create: counts its pods as they come and go'],
  },
  11: {
    words: 'an edited template does not change what runs',
    shownBy: ['create: takes effect with the next attempt in where pods go', 'crd: that runs, changed in %s'],
    notHere: 'there is no template apart from the run, so no snapshot of one',
  },
  12: {
    words: 'terminationGracePeriodSeconds reaches the pods',
    shownBy: ['create: gets its pods, Service and NetworkPolicy, all owned by it, labelled'],
  },
  13: {
    words: 'sizes that cannot be are refused',
    shownBy: [
      'crd: with $what is refused by the server with the field and the cure',
      'badManifests: no pods',
    ],
  },
  14: {
    words: 'reserved variables are refused',
    shownBy: [
      'crd: with $what is refused by the server with the field and the cure',
      'badManifests: must not begin with RINGMASTER_',
    ],
  },
  15: {
    words: 'names too long for hosts, and bad URIs, are refused',
    shownBy: [
      'crd: with $what is refused by the server with the field and the cure',
      'badManifests: a name too long for host names',
      'badManifests: gs://bucket/runs',
    ],
  },
  16: {
    words: 'managedBy is not changed',
    shownBy: ['crd: does not change its manager'],
    notHere: 'any other manager is allowed, as only that one knows its own name',
  },
  17: {
    words: 'a suspended run may change, one that runs may not',
    shownBy: [
      'create: cannot be changed in what training depends on while it runs, and can while it is suspended',
      'crd: that runs, changed in %s',
    ],
  },
  18: {
    words: 'another queue leaves live pods alone',
    shownBy: ['queueing: trains on with the pods that it has when it names another queue'],
  },
  19: {
    words: 'suspended from the start: nothing is made',
    shownBy: ['end: that was suspended from the start has nothing and has not begun'],
  },
  20: {
    words: 'suspending takes pods and Service away and keeps startTime',
    shownBy: ['end: has no pods and no Service, began when it began, and begins anew when it is resumed'],
  },
  21: {
    words: 'resuming makes them again, with another startTime',
    shownBy: ['end: has no pods and no Service, began when it began, and begins anew when it is resumed'],
  },
  22: {
    words: 'a flag that flips back leaves no half gang',
    shownBy: ['end: whose flag is flipped back meanwhile is suspended first, and never has half a gang'],
  },
  23: {
    words: 'a run of another manager is left alone, status too',
    shownBy: ['create: that is not ours is left alone, status and all'],
  },
  24: { words: 'suspending deletes the autoscaler of an elastic job', notHere: fixedSize },
  25: { words: 'groups of pods that depend on each other resume in order', notHere: oneGroup },
  26: {
    words: 'an exit code that may be tried again makes new pods',
    shownBy: ['failure: ends the attempt; the next is a whole new gang, and it can succeed'],
  },
  27: {
    words: 'an exit code that would come again fails at once',
    shownBy: ['failure: with an exit code that would come again fails the run at once'],
  },
  28: {
    words: 'the budget of restarts ends',
    shownBy: ['failure: more often than the budget allows fails the run, and what still runs is ended'],
  },
  29: {
    words: 'a rule needs all that it names',
    shownBy: ['failure: applies only when all that it names matches'],
  },
  30: { words: 'a rule can make restarts free', shownBy: ['failure: can make restarts free'] },
  31: {
    words: 'the first rule wins',
    shownBy: ['failure: goes before later ones, and can restart what would fail'],
  },
  32: { words: 'a rule for other groups of pods is skipped', notHere: oneGroup },
  33: {
    words: 'no new gang before the old one is gone',
    shownBy: ['failure: waits until no pod of the old one can be alive'],
  },
  34: { words: 'one group of pods restarts alone', notHere: oneGroup },
  35: {
    words: 'Restarting is true, then false',
    shownBy: [
      'failure: ends the attempt; the next is a whole new gang, and it can succeed',
      'failureSpec: leaves Restarting true until the new gang runs',
    ],
  },
  36: {
    words: 'done when the pods that count are done',
    shownBy: ['end: is done only when all its pods are'],
    notHere: 'there is no choice of pods that count: all do',
  },
  37: {
    words: 'what still runs when the run is over is ended',
    shownBy: ['end: and failed, ends what still runs, unless it says that nothing is to be touched'],
  },
  38: {
    words: 'what cannot be made is told in one event that is counted',
    shownBy: ['failure: because it is not allowed to is told in one event that is counted'],
  },
  39: {
    words: 'pods of a run whose budget ended go as its policy says',
    shownBy: ['failure: more often than the budget allows fails the run, and what still runs is ended'],
  },
  40: {
    words: 'an evicted pod restarts the gang',
    shownBy: ['failure: does so for free when a pod was evicted'],
  },
  41: {
    words: 'a rule on an exit code restarts',
    shownBy: ['failure: goes before later ones, and can restart what would fail'],
  },
  42: {
    words: 'a gang that does not fit in time gives its place back',
    shownBy: ['failure: gives its place back when only a part of it fits, and starts when there is room'],
  },
  43: { words: 'a rule of a group goes before one of the job', notHere: oneGroup },
  44: {
    words: 'a second attempt can succeed',
    shownBy: ['failure: ends the attempt; the next is a whole new gang, and it can succeed'],
  },
  45: {
    words: 'a deleted pod is replaced',
    shownBy: ['failure: does so for free when a pod was deleted by hand, at whatever place'],
  },
  46: {
    words: 'a trainer that is silent too long is given up, and not before it spoke',
    shownBy: ['failure: and then makes no step is taken for hung; one that never answered is not'],
  },
  47: {
    words: 'the deadline fails the run, and not before',
    shownBy: ['end: fails when it passes, and its pods are ended; one that is done in time is left alone'],
  },
  48: {
    words: 'the deadline stands still during a suspension',
    shownBy: ['end: does not lose time while it is suspended'],
  },
  49: {
    words: 'a deadline for the start',
    shownBy: ['failure: gives its place back when only a part of it fits, and starts when there is room'],
    notHere: 'it gives the place back and tries again: failing is for activeDeadline',
  },
  50: {
    words: 'finished pods stay or go as cleanPodPolicy says',
    shownBy: [
      'end: keeps its finished pods for their logs, unless it says otherwise',
      'end: and failed, ends what still runs, unless it says that nothing is to be touched',
      'plan: with cleanPodPolicy %s deletes %j',
    ],
  },
  51: {
    words: 'a finished run is deleted after its time to live',
    shownBy: [
      'end: is deleted when its time to live is over, at once when that is nothing, never when there is none',
    ],
  },
  52: { words: 'of staged deletions that are due the largest is done', notHere: 'there are no stages' },
  53: { words: 'a finalizer that hangs is removed in the end', notHere: 'a run has no finalizer' },
  54: {
    words: 'progress reaches the status, and nonsense does not',
    shownBy: [
      'failure: is read from the first pod and shown in the status',
      'progress: refuses an answer that is %s',
    ],
    notHere: 'progress is read, not posted, so there is no answer to whoever posts',
  },
  55: {
    words: 'a run in a queue has a Workload, and starts where admission says',
    shownBy: ['kueue: is admitted, placed on the nodes of its flavour, and told as ready and as finished'],
  },
  56: {
    words: 'a preempted run holds its quota until its pods are gone',
    shownBy: [
      'kueue: saves and gives its place to one of higher priority, and goes on afterwards without a charge',
      'queueing: keeps its quota until the last pod is gone, then gives it back and queues again',
    ],
  },
  57: {
    words: 'no queue, no Workload',
    shownBy: ['queueing: has a Workload no longer once it names no queue'],
    notHere:
      'the operator makes the Workload itself and only for runs that name a queue, whatever Kueue manages',
  },
  58: {
    words: 'a gang that is not whole any more is told, and evicted in time',
    shownBy: [
      'kueue: gives its place back when part of its gang is not ready for too long',
      'queueing: tells Kueue when its gang is ready, when a pod is not any more, and when it has recovered',
    ],
  },
  59: {
    words: 'a deactivated run is not admitted again',
    shownBy: [
      'kueue: stops when its Workload is deactivated, and goes on when it is activated',
      'queueing: waits while its Workload is deactivated',
    ],
    notHere: 'quota of pods that have ended is not given back early: a gang runs as a whole or not at all',
  },
  60: {
    words: 'a job is scaled while it runs',
    shownBy: ['sweepCrd: is scaled with kubectl scale'],
    notHere: fixedSize,
  },
  61: {
    words: 'a gang that does not fit has no pod that runs, and starts when there is room',
    shownBy: [
      'kueue: has no pod on a node until there is room for all of them',
      'failure: gives its place back when only a part of it fits, and starts when there is room',
      'failure: of which no pod has a node waits, and says for what',
    ],
  },
  62: {
    words: 'done when some of the pods are',
    shownBy: ['plan: waits while one of them still runs'],
    notHere: 'all ranks hold the same weights, so a run is done when all are',
  },
};

describe('the behaviours of other operators', () => {
  it('are 62, and each is shown by a test or has a reason why not', () => {
    expect(Object.keys(behaviours).map(Number)).toEqual(Array.from({ length: 62 }, (_, index) => index + 1));
    const open = Object.entries(behaviours).filter(
      ([, { shownBy, notHere }]) => shownBy === undefined && notHere === undefined,
    );
    expect(open).toEqual([]);
  });

  it('are shown by tests that there are', async () => {
    const texts = new Map<string, string>();
    for (const [name, path] of Object.entries(files))
      texts.set(name, await readFile(new URL(`../../${path}`, import.meta.url), 'utf8'));
    const missing = Object.values(behaviours)
      .flatMap(({ shownBy = [] }) => shownBy)
      .filter((shown) => {
        const [name = ''] = shown.split(':', 1);
        const title = shown.slice(name.length + 2);
        const text = texts.get(name) ?? '';
        return name === 'badManifests' ? !text.includes(title) : !text.includes(`('${title}`);
      });
    expect(missing).toEqual([]);
  });
});
