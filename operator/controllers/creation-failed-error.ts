import { RingmasterError } from '../base/errors.ts';

/** How the admission of Kubernetes words it (plugin/pkg/admission/resourcequota, controller.go). */
const exceedsQuota = /\bexceeded quota: /;

/** The API will not let an object of a run exist: quota, admission, or a name that is taken. */
export class CreationFailedError extends RingmasterError {
  /** Whether a ResourceQuota has no room for it now. */
  readonly isQuota: boolean;

  constructor(kind: string, name: string, why: string, options?: ErrorOptions) {
    super('CreationFailed', `${kind} ${name} cannot be created: ${why}`, options);
    this.isQuota = exceedsQuota.test(why);
  }
}
