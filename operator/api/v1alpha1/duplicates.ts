import type { TrainingRunSpec } from './spec.ts';
import type { FieldProblem } from './validation.ts';

/** The lists whose items are told apart by name, as the API server does by `x-kubernetes-list-type: map`. */
const namedLists = {
  env: (spec: TrainingRunSpec) => spec.trainers.env ?? [],
  volumes: (spec: TrainingRunSpec) => spec.trainers.volumes ?? [],
};

/** Items that repeat the name of an earlier one. */
export function duplicateNames(spec: TrainingRunSpec): FieldProblem[] {
  return Object.entries(namedLists).flatMap(([list, itemsOf]) => {
    const names = itemsOf(spec).map(({ name }) => name);
    return names.flatMap((name, index) =>
      names.indexOf(name) === index
        ? []
        : [
            {
              path: `spec.trainers.${list}[${index}]`,
              value: name,
              message: `the name ${name} is given twice; remove one of the two`,
            },
          ],
    );
  });
}
