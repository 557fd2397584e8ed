import type { WireCondition, Workload } from '../../api/kueue.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { Action } from '../action.ts';
import { conditionOf, isSo, podSetName, type ObservedQueue } from '../queueing.ts';
import { annotated } from './annotated.ts';
import { startMs } from './fixtures.ts';

/** The smallest Kueue: one Workload that is admitted, evicted and deleted when told to. */
export class ModelQueue {
  #workload: Workload | undefined;
  #made = 0;

  observe(): ObservedQueue {
    return { flavors: [], ...(this.#workload === undefined ? {} : { workload: this.#workload }) };
  }

  hasQuota(): boolean {
    return this.#workload !== undefined && isSo(this.#workload, 'QuotaReserved');
  }

  apply(action: Action): void {
    switch (action.type) {
      case 'createWorkload':
        if (this.#workload !== undefined) throw new Error('the Workload is made twice');
        this.#made += 1;
        this.#workload = {
          ...action.workload,
          metadata: { ...action.workload.metadata, uid: `workload-${this.#made}` },
        };
        return;
      case 'deleteWorkload':
        this.#workload = undefined;
        return;
      case 'patchWorkloadStatus': {
        if (this.#workload === undefined) return;
        const { admission, conditions } = action.status;
        const status = { ...this.#workload.status, conditions: [...conditions] };
        if (admission === null) delete status.admission;
        this.#workload = { ...this.#workload, status };
        return;
      }
      case 'annotateWorkload':
        if (this.#workload !== undefined) this.#workload = annotated(this.#workload, action.annotations);
        return;
      default:
        throw new Error(`${action.type} is nothing that Kueue is told`);
    }
  }

  admit(): void {
    const workload = this.#workload;
    if (workload === undefined || this.hasQuota() || isSo(workload, 'Finished')) return;
    this.#say(
      {
        ...workload,
        status: {
          ...workload.status,
          admission: { clusterQueue: 'gpus', podSetAssignments: [{ name: podSetName }] },
        },
      },
      ['QuotaReserved', 'True'],
      ['Admitted', 'True'],
      ['Evicted', 'False'],
    );
  }

  evict(): void {
    if (this.#workload !== undefined && this.hasQuota()) this.#say(this.#workload, ['Evicted', 'True']);
  }

  #say(workload: Workload, ...changes: (readonly [type: string, status: 'True' | 'False'])[]): void {
    const told = changes
      .filter(([type, status]) => status === 'True' || conditionOf(workload, type) !== undefined)
      .map(([type, status]): WireCondition => ({
        type,
        status,
        reason: type === 'Evicted' ? 'Preempted' : type,
        message: '',
        lastTransitionTime: toTimestamp(startMs),
      }));
    const kept = (workload.status?.conditions ?? []).filter(
      ({ type }) => !told.some((condition) => condition.type === type),
    );
    this.#workload = { ...workload, status: { ...workload.status, conditions: [...kept, ...told] } };
  }
}
