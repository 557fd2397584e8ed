import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import type { KubernetesObject } from '../api/wire.ts';
import { isNoNewer } from '../cluster/resource-version.ts';
import type { Expectations } from './expectations.ts';
import type { WriteListener } from './plan-executor.ts';
import type { RunCaches } from './run-caches.ts';

/** Expects of the caches that they show what was written for a run. */
export function expectedWrites(key: string, caches: RunCaches, expectations: Expectations): WriteListener {
  const expect = (isMet: () => boolean) => {
    expectations.expect(key, isMet);
  };
  /** A type of which there is no cache is not waited for. */
  const has = (objects: readonly KubernetesObject[] | undefined, uid: string | undefined) =>
    objects?.some(({ metadata }) => metadata.uid === uid) ?? true;
  const isGone = (objects: readonly KubernetesObject[] | undefined, uid: string) =>
    objects?.every(({ metadata }) => metadata.uid !== uid || metadata.deletionTimestamp !== undefined) ??
    true;
  return {
    onPodCreated: (uid) => {
      expect(() => has(caches.pods(key), uid));
    },
    onPodDeleted: (uid) => {
      expect(() => isGone(caches.pods(key), uid));
    },
    onPodPatched: (uid, version) => {
      expect(() =>
        caches
          .pods(key)
          .every(({ metadata }) => metadata.uid !== uid || isNoNewer(version, metadata.resourceVersion)),
      );
    },
    onServiceCreated: (uid) => {
      expect(() => has(caches.services(key), uid));
    },
    onNetworkPolicyCreated: (uid) => {
      expect(() => has(caches.networkPolicies(key), uid));
    },
    onPodGroupCreated: (uid) => {
      expect(() => has(caches.podGroups(key), uid));
    },
    onWorkloadCreated: (uid) => {
      expect(() => has(caches.workloads(key), uid));
    },
    onWorkloadDeleted: (uid) => {
      expect(() => isGone(caches.workloads(key), uid));
    },
    onWorkloadPatched: (version) => {
      expect(
        () =>
          caches.workloads(key)?.every(({ metadata }) => isNoNewer(version, metadata.resourceVersion)) ??
          true,
      );
    },
  };
}

/** Expects of the caches that they show a status that was written, or that the run is gone. */
export function expectVersion(
  key: string,
  { metadata: { uid, resourceVersion } }: TrainingRun,
  caches: RunCaches,
  expectations: Expectations,
): void {
  expectations.expect(key, () => {
    const cached = caches.run(key)?.metadata;
    return cached?.uid !== uid || isNoNewer(resourceVersion, cached?.resourceVersion);
  });
}
