import { beforeAll, describe, expect, it } from 'vitest';

import type { FormulasAnswer } from './ranks/formulas.ts';
import { runRanks } from './run-ranks.ts';

let answer: FormulasAnswer = {};

beforeAll(async () => {
  const [only] = await runRanks('formulas', 1, null);
  answer = only as FormulasAnswer;
});

/** Golden values have ten decimals, those of three digits before the point too. */
function expectValues(name: string, golden: readonly number[]): void {
  const values = answer[name] ?? [];
  expect(values.slice(0, golden.length), name).toHaveLength(golden.length);
  golden.forEach((value, index) => {
    const error = Math.abs((values[index] ?? NaN) - value);
    expect(error, `${name}[${index}] is ${values[index]}, golden ${value}`).toBeLessThan(
      1e-9 * Math.abs(value) + 5.1e-11,
    );
  });
}

// Logits z = [2, 1, 0, -1] of four classes, the true one first, and a teacher's r = [3, 1, 0.5, -2].
describe('losses in float64', () => {
  it('are the cross-entropy with hard, smoothed and mixed labels, and their gradients', () => {
    expectValues('logSoftmax', [-0.4401896986, -1.4401896986, -2.4401896986, -3.4401896986]);
    expectValues('hard', [0.4401896986]);
    expectValues('smoothedPaper', [0.6401896986, -0.2560857401, 0.2035494848, 0.0538109854, -0.0012747301]);
    expectValues('smoothedCode', [0.5901896986, -0.2810857401, 0.2118828181, 0.0621443187, 0.0070586033]);
    // 0.3 of the loss of class 2 and 0.7 of that of class 0.
    expectValues('mixed', [1.0401896986]);
    expectValues('mixed', [0.3 * 2.4401896986 + 0.7 * 0.4401896986]);
  });

  it('learn the softened distribution of the teacher', () => {
    expectValues('softTeacher', [0.2804156239, 0.2537305491, 0.2474659195, 0.2183879075]);
    expectValues('softCrossEntropy', [1.3830476136, 0.7013643686]);
    const entropy = (answer.softTeacher ?? []).reduce((sum, p) => sum - p * Math.log(p), 0);
    const crossEntropy = answer.softCrossEntropy?.[0] ?? NaN;
    // The paper's loss, which is ours and the teacher's entropy, that nothing changes.
    expect(400 * crossEntropy).toBeCloseTo(553.2190454463, 7);
    expect((answer.distilledPaper?.[0] ?? NaN) + 400 * entropy).toBeCloseTo(553.6592351449, 7);
    expect((answer.distilledCode?.[0] ?? NaN) + 200 * entropy).toBeCloseTo(276.8296175725, 7);
  });

  it('have as divergence from the teacher what can be learned', () => {
    expectValues('teacherOnly', [0.2647746205]);
    expectValues('distilledPaper', [0.7049643191, 0.2647746205 / 400]);
    const gradient = [-0.2273031421, 0.0439634317, -0.0803797966, 0.263719507];
    expectValues('teacherOnly', [0.2647746205, 0.2647746205 / 400, ...gradient]);
  });

  it('tend to matching logits when the teacher gets hotter', () => {
    const [, , ...gradient] = answer.teacherOnlyHot ?? [];
    [-0.21875, 0.03125, -0.09375, 0.28125].forEach((limit, index) => {
      expect(gradient[index]).toBeCloseTo(limit, 4);
    });
  });
});

// Weight 1, gradients 0.5 and 0.25, momentum 0.9, rate 0.1: weights after both steps, then velocities.
describe('optimisers in float64', () => {
  it('take the same steps with either velocity while the rate stays', () => {
    expectValues('nesterov', [0.905, 0.817, 0.5, 0.7]);
    expectValues('nesterovOfUpdates', [0.905, 0.817, -0.05, -0.07]);
    expectValues('momentum', [0.95, 0.88, 0.5, 0.7]);
    expectValues('momentumOfUpdates', [0.95, 0.88, -0.05, -0.07]);
  });

  it('differ when the rate changes', () => {
    expectValues('nesterovRateChanged', [0.905, 0.8962]);
    expectValues('nesterovOfUpdatesRateChanged', [0.905, 0.85975]);
  });

  it('decay weights as part of the gradient', () => {
    expectValues('nesterovDecayed', [0.904981, 0.816955705361]);
  });

  it('keep an average', () => {
    expectValues('average', [1.2]);
  });
});
