import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../api/v1alpha1/training-run.ts';
import { validateStoredRun } from '../api/v1alpha1/validate.ts';
import { aRun } from '../plan/testing/fixtures.ts';
import { ValidatedRuns } from './validated-runs.ts';

function stored(run: TrainingRun): TrainingRun {
  return structuredClone(run);
}

describe('a stored run that is validated again', () => {
  it('has the same spec while it is stored so, with the status of now', () => {
    const runs = new ValidatedRuns();
    const first = runs.validate(stored(aRun()));
    const second = runs.validate({ ...stored(aRun()), status: { phase: 'Running' } });
    if (!first.ok || !second.ok) throw new Error('the run is not valid');
    expect(second.run.spec).toBe(first.run.spec);
    expect(second).toEqual(validateStoredRun({ ...aRun(), status: { phase: 'Running' } }));
  });

  it('is parsed anew when its spec has changed, whatever its generation says', () => {
    const runs = new ValidatedRuns();
    runs.validate(stored(aRun()));
    const changed = aRun({ recipe: { batchSize: 48 } });
    expect(runs.validate(stored(changed))).toEqual(validateStoredRun(changed));
  });

  it('is refused each time when it cannot be', () => {
    const runs = new ValidatedRuns();
    const broken = {
      ...aRun(),
      spec: { ...aRun().spec, model: { depth: 50, stem: 'small' } },
    } as TrainingRun;
    runs.validate(aRun());
    for (let time = 0; time < 2; time += 1)
      expect(runs.validate(stored(broken))).toMatchObject({ ok: false });
    expect(runs.validate(stored(aRun()))).toMatchObject({ ok: true });
  });
});
