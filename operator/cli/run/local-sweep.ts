import { resolve } from 'node:path';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import { resolveLocations } from './locations.ts';

/**
 * A sweep as this machine runs it: with absolute paths, without what a server added, and with as many trials side by
 * side as there is room for when the manifest does not say.
 */
export function localSweep(sweep: TrainingSweep, gpus: number, workingFolder: string): TrainingSweep {
  const { name, namespace, labels, annotations } = sweep.metadata;
  const { runTemplate, parallelism, autoscaling, parameters, ablation } = sweep.spec;
  const { pods, gpusPerPod } = runTemplate.trainers;
  const room = Math.max(1, Math.floor(gpus / (pods * gpusPerPod)));
  return {
    apiVersion: sweep.apiVersion,
    kind: sweep.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      ...sweep.spec,
      runTemplate: resolveLocations(runTemplate, workingFolder),
      ...(parallelism === undefined && autoscaling === undefined ? { parallelism: room } : {}),
      ...(parameters === undefined ? {} : { parameters: absolute(parameters, workingFolder) }),
      ...(ablation === undefined
        ? {}
        : {
            ablation: {
              ...ablation,
              rows: ablation.rows.map((row) => ({ ...row, set: absolute(row.set, workingFolder) })),
            },
          }),
    },
  };
}

/** The value with every text that is a relative path made absolute. */
function absolute<T>(value: T, workingFolder: string): T {
  const convert = (inner: unknown): unknown => {
    if (typeof inner === 'string') return /^\.\.?\//.test(inner) ? resolve(workingFolder, inner) : inner;
    if (Array.isArray(inner)) return inner.map(convert);
    if (!isObject(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, field]) => [key, convert(field)]));
  };
  // A text in place of a text: the type stays.
  return convert(value) as T;
}
