import { isDeepStrictEqual } from 'node:util';
import { maxRunNameLength, type Rule } from './rules.ts';
import type { Parameter, TrainingSweepSpec } from './training-sweep-spec.ts';

/** Longest name of a sweep: its trials are named `<sweep>-<index>`, with an index of up to three digits. */
const maxSweepNameLength = maxRunNameLength - 4;

export const sweepNameRules: readonly Rule<{ metadata: { name?: string } }>[] = [
  {
    cel: `size(self.metadata.name) <= ${maxSweepNameLength}`,
    check: ({ metadata }) => (metadata.name ?? '').length <= maxSweepNameLength,
    message: `metadata.name must be at most ${maxSweepNameLength} characters, as trials, pods and host names are made from it`,
    path: ['metadata', 'name'],
  },
  {
    cel: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    check: ({ metadata }) => /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(metadata.name ?? ''),
    message:
      'metadata.name must begin with a letter and consist of lower-case letters, digits and -, as it becomes a host name',
    path: ['metadata', 'name'],
  },
];

/** A rule that every parameter satisfies by itself. CEL calls the parameter `p`. */
function everyParameter(
  rule: Omit<Rule<TrainingSweepSpec>, 'check' | 'path'> & { check: (parameter: Parameter) => boolean },
): Rule<TrainingSweepSpec> {
  return {
    ...rule,
    cel: `!has(self.parameters) || self.parameters.all(p, ${rule.cel})`,
    check: ({ parameters = [] }) => parameters.every(rule.check),
    path: ['parameters'],
  };
}

/** Trials are functions of these. */
const fixedFields = ['managedBy', 'runTemplate', 'search'] as const;

export const sweepRules: readonly Rule<TrainingSweepSpec>[] = [
  ...fixedFields.map((field): Rule<TrainingSweepSpec> => ({
    cel: `self.${field} == oldSelf.${field}`,
    check: (spec, old) => old === undefined || isDeepStrictEqual(spec[field], old[field]),
    message: `${field} cannot be changed; make a new sweep`,
    path: [field],
  })),
  {
    cel: 'has(self.parameters) == has(oldSelf.parameters) && (!has(self.parameters) || self.parameters == oldSelf.parameters)',
    check: (spec, old) => old === undefined || isDeepStrictEqual(spec.parameters, old.parameters),
    message: 'parameters cannot be changed; make a new sweep',
    path: ['parameters'],
  },
  {
    cel: 'has(self.ablation) == has(oldSelf.ablation) && (!has(self.ablation) || (self.ablation.rows == oldSelf.ablation.rows && self.ablation.mode == oldSelf.ablation.mode))',
    check: (spec, old) =>
      old === undefined ||
      (isDeepStrictEqual(spec.ablation?.rows, old.ablation?.rows) &&
        spec.ablation?.mode === old.ablation?.mode),
    message: 'the rows and mode of ablation cannot be changed; make a new sweep, or add seeds at the end',
    path: ['ablation'],
  },
  {
    cel: '!has(self.ablation) || !has(oldSelf.ablation) || oldSelf.ablation.seeds.all(s, self.ablation.seeds.indexOf(s) == oldSelf.ablation.seeds.indexOf(s))',
    check: ({ ablation }, old) =>
      (old?.ablation?.seeds ?? []).every((seed, index) => ablation?.seeds.indexOf(seed) === index),
    message: 'ablation.seeds can only be added to at the end; make a new sweep for others',
    path: ['ablation', 'seeds'],
  },
  {
    cel: 'self.objective.metric == oldSelf.objective.metric && has(self.objective.direction) == has(oldSelf.objective.direction) && (!has(self.objective.direction) || self.objective.direction == oldSelf.objective.direction)',
    check: ({ objective }, old) =>
      old === undefined ||
      (objective.metric === old.objective.metric && objective.direction === old.objective.direction),
    message: 'objective.metric and objective.direction cannot be changed; make a new sweep',
    path: ['objective'],
  },
  {
    cel: 'has(self.parameters) != has(self.ablation)',
    check: ({ parameters, ablation }) => (parameters === undefined) !== (ablation === undefined),
    message: 'a sweep needs either parameters or ablation, not both',
    path: ['parameters'],
  },
  everyParameter({
    // Whether a list of values of any type is there is known to the schema alone; see `valuesProblems`.
    cel: '!(has(p.double) && has(p.int))',
    check: ({ double, int, values }) =>
      [double, int, values].filter((space) => space !== undefined).length === 1,
    message: 'each of parameters needs exactly one of double, int and values',
  }),
  everyParameter({
    cel: '!has(p.double) || p.double.min < p.double.max',
    check: ({ double }) => double === undefined || double.min < double.max,
    message: 'parameters.double.min must be less than max',
  }),
  everyParameter({
    cel: "!has(p.double) || p.double.scale != 'log' || p.double.min > 0.0",
    check: ({ double }) => double?.scale !== 'log' || double.min > 0,
    message: 'parameters.double.min must be greater than 0 when scale is log',
  }),
  everyParameter({
    cel: '!has(p.int) || p.int.min <= p.int.max',
    check: ({ int }) => int === undefined || int.min <= int.max,
    message: 'parameters.int.min must not be greater than max',
  }),
  {
    cel: "self.search.algorithm != 'grid' || !has(self.parameters) || self.parameters.all(p, !has(p.double))",
    check: ({ search, parameters = [] }) =>
      search.algorithm !== 'grid' || parameters.every(({ double }) => double === undefined),
    message: 'a grid needs values or int for every parameter; list the values of those that are double',
    path: ['search', 'algorithm'],
  },
  {
    cel: "!has(self.parameters) || self.search.algorithm == 'grid' || has(self.maxTrials)",
    check: ({ search, parameters, maxTrials }) =>
      parameters === undefined || search.algorithm === 'grid' || maxTrials !== undefined,
    message: 'search.algorithm random and tpe need maxTrials',
    path: ['maxTrials'],
  },
  {
    cel: '!has(self.autoscaling) || self.autoscaling.min <= self.autoscaling.max',
    check: ({ autoscaling }) => autoscaling === undefined || autoscaling.min <= autoscaling.max,
    message: 'autoscaling.min must not be greater than autoscaling.max',
    path: ['autoscaling', 'min'],
  },
  {
    cel: "!has(self.ablation) || self.stopping.algorithm == 'none'",
    check: ({ ablation, stopping }) => ablation === undefined || stopping.algorithm === 'none',
    message: 'a table compares trials that trained to their end; set stopping.algorithm to none',
    path: ['stopping', 'algorithm'],
  },
  {
    cel: '!has(self.runTemplate.ttlAfterFinished)',
    check: ({ runTemplate }) => runTemplate.ttlAfterFinished === undefined,
    message:
      'runTemplate.ttlAfterFinished cannot be given: a trial lives as long as its sweep; set ttlAfterFinished',
    path: ['runTemplate', 'ttlAfterFinished'],
  },
];
