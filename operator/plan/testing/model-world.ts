import type { TrainingRunStatus } from '../../api/v1alpha1/status.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { PodGroup } from '../../api/pod-group.ts';
import type { Pod, Service } from '../../api/wire.ts';
import type { Action } from '../action.ts';
import { annotated } from './annotated.ts';
import { besideStatus } from '../beside-status.ts';
import { attemptOf, isFinished } from '../gang.ts';
import { planRun, type Plan } from '../plan.ts';
import { aCheckpoint, aFinishedPod, aProgressDocument, aRunningPod, deleted, startMs } from './fixtures.ts';
import { ModelQueue } from './model-queue.ts';
import { settings } from './queues.ts';

/** The smallest world that a plan can be carried out in: objects in memory, pods that change when told to. */
export class ModelWorld {
  run: TrainingRun;
  nowMs = startMs;
  isDeleted = false;
  readonly pods = new Map<string, Pod>();
  service: Service | undefined;
  readonly queue = new ModelQueue();
  readonly podGroups = new Map<string, PodGroup>();
  savedStep = 0;
  lastAdvanceMs: number | undefined;
  /** Every status that was stored, in order. */
  readonly history: TrainingRunStatus[] = [];
  #madePods = 0;

  constructor(run: TrainingRun) {
    this.run = run;
  }

  plan(): Plan {
    return planRun(
      {
        run: this.run,
        pods: [...this.pods.values()],
        ...(this.service === undefined ? {} : { service: this.service }),
        progress: aProgressDocument(this.savedStep, {
          attempt: this.run.status?.attempt ?? 1,
          ...(this.savedStep === 0 ? {} : { checkpoint: aCheckpoint(this.savedStep) }),
        }),
        ...(this.lastAdvanceMs === undefined ? {} : { lastAdvanceMs: this.lastAdvanceMs }),
        queue: this.queue.observe(),
        podGroups: { apiVersion: 'scheduling.k8s.io/v1alpha2', groups: [...this.podGroups.values()] },
        nowMs: this.nowMs,
      },
      settings,
    );
  }

  /** Plans and carries it out as the controller does, status first; dies after `actionLimit` actions. */
  reconcile(actionLimit = Infinity): void {
    if (this.isDeleted) return;
    const { status, actions } = this.plan();
    this.run = { ...this.run, status };
    this.history.push(status);
    for (const action of actions.slice(0, actionLimit)) this.#apply(action);
  }

  /** Dies while it writes a status that does not arrive, with so many of the actions done that do not wait for it. */
  dieWritingStatus(actionLimit: number): void {
    if (this.isDeleted) return;
    const { beside } = besideStatus(this.plan(), this.run.status);
    for (const action of beside.slice(0, actionLimit)) this.#apply(action);
  }

  #apply(action: Action): void {
    switch (action.type) {
      case 'createPod': {
        const { name } = action.pod.metadata;
        if (this.pods.has(name)) throw new Error(`pod ${name} is made twice`);
        this.#madePods += 1;
        const uid = `pod-${this.#madePods}`;
        this.pods.set(name, {
          ...action.pod,
          metadata: { ...action.pod.metadata, uid },
          status: { phase: 'Pending' },
        });
        return;
      }
      case 'deletePod':
        this.#delete(action.name);
        return;
      case 'createService':
        if (this.service !== undefined) throw new Error('the Service is made twice');
        this.service = action.service;
        return;
      case 'createNetworkPolicy':
      case 'deleteNetworkPolicy':
        throw new Error('the settings of the model world ask for no fence');
      case 'deleteService':
        this.service = undefined;
        return;
      case 'deleteRun':
        this.isDeleted = true;
        this.pods.clear();
        return;
      case 'createPodGroup': {
        const { name } = action.podGroup.metadata;
        if (this.podGroups.has(name)) throw new Error(`PodGroup ${name} is made twice`);
        this.podGroups.set(name, action.podGroup);
        return;
      }
      case 'deletePodGroup':
        this.podGroups.delete(action.name);
        return;
      case 'annotatePod':
        this.#annotate(action);
        return;
      default:
        this.queue.apply(action);
    }
  }

  #annotate({ name, annotations }: Extract<Action, { readonly type: 'annotatePod' }>): void {
    const pod = this.pods.get(name);
    if (pod !== undefined) this.pods.set(name, annotated(pod, annotations));
  }

  /** As the API server does: a pod without processes goes at once, another when its node says so. */
  #delete(name: string): void {
    const pod = this.pods.get(name);
    if (pod === undefined) return;
    if (isFinished(pod) || pod.status?.phase === 'Pending') this.pods.delete(name);
    else if (pod.metadata.deletionTimestamp === undefined) this.pods.set(name, deleted(pod, this.nowMs));
  }

  deletePodByHand(choice: number): void {
    const pod = this.#choose(choice, () => true);
    if (pod !== undefined) this.#delete(pod.metadata.name);
  }

  startPod(choice: number): void {
    const pod = this.#choose(choice, ({ status }) => status?.phase === 'Pending');
    if (pod === undefined) return;
    const { status, spec } = aRunningPod(this.run, attemptOf(pod), 0);
    this.pods.set(pod.metadata.name, { ...pod, spec, ...(status === undefined ? {} : { status }) });
  }

  /** A pod ends by itself; a pod that is being deleted ends and goes. */
  endPod(choice: number, end: Parameters<typeof aFinishedPod>[3]): void {
    const pod = this.#choose(choice, ({ status }) => status?.phase === 'Running');
    if (pod === undefined) return;
    const { status } = aFinishedPod(this.run, 1, 0, { atMs: this.nowMs, ...end });
    if (pod.metadata.deletionTimestamp !== undefined) this.pods.delete(pod.metadata.name);
    else this.pods.set(pod.metadata.name, { ...pod, ...(status === undefined ? {} : { status }) });
  }

  setSuspend(suspend: boolean): void {
    this.run = { ...this.run, spec: { ...this.run.spec, suspend } };
  }

  save(): void {
    this.savedStep += 10;
    this.lastAdvanceMs = this.nowMs;
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1000;
  }

  alive(): Pod[] {
    return [...this.pods.values()].filter((pod) => !isFinished(pod));
  }

  #choose(choice: number, isMeant: (pod: Pod) => boolean): Pod | undefined {
    const meant = [...this.pods.values()].filter(isMeant);
    return meant[choice % Math.max(1, meant.length)];
  }
}
