import type { TrainingRunStatus } from '../api/v1alpha1/status.ts';
import type { Action } from './action.ts';
import type { Plan } from './plan.ts';

/** Follow from the run alone, whatever its status says. */
const ofTheRun: readonly Action['type'][] = ['createService', 'createNetworkPolicy'];
/** Follow from a first attempt, which is found again by its pods if its status is not written: see first-attempt.ts. */
const ofTheFirstAttempt: readonly Action['type'][] = [...ofTheRun, 'createPodGroup', 'createPod'];

/**
 * Parts the actions of a plan into those that may be carried out while the status is written and those that wait for it,
 * so that the pods of a new run need not wait for one request after the other. Where something is to go, all waits: the
 * status says why.
 * @param before the status that is stored
 */
export function besideStatus(
  { actions, status }: Pick<Plan, 'actions' | 'status'>,
  before: TrainingRunStatus | undefined,
): { readonly beside: readonly Action[]; readonly after: readonly Action[] } {
  if (actions.some(({ type }) => type.startsWith('delete'))) return { beside: [], after: actions };
  const isFirst = before?.attempt === undefined && status.attempt === 1;
  const types = isFirst ? ofTheFirstAttempt : ofTheRun;
  const isBeside = ({ type }: Action) => types.includes(type);
  return { beside: actions.filter(isBeside), after: actions.filter((action) => !isBeside(action)) };
}
