import { describe, expect, it } from 'vitest';
import { expandVariables } from './expand-variables.ts';

describe('references to variables', () => {
  // From the table of k8s.io/kubernetes/third_party/forked/golang/expansion/expand_test.go, with VAR_A = A.
  it.each([
    ['$(VAR_A)', 'A'],
    ['___$(VAR_A)___', '___A___'],
    ['$(VAR_A)-1', 'A-1'],
    ['$(VAR_DNE)', '$(VAR_DNE)'],
    ['$$(VAR_A)', '$(VAR_A)'],
    ['$$$(VAR_A)', '$A'],
    ['$VAR_A', '$VAR_A'],
    ['$(VAR_A', '$(VAR_A'],
    ['$()', '$()'],
    ['a $ b', 'a $ b'],
    ['{"epochs": "$"}', '{"epochs": "$"}'],
  ])('in %s give %s', (text, expanded) => {
    expect(expandVariables(text, { VAR_A: 'A' })).toBe(expanded);
  });
});
