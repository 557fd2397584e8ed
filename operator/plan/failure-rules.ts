import { runInNewContext } from 'node:vm';
import type { FailureRule } from '../api/v1alpha1/failure-policy.ts';
import type { PodFailure } from './pod-failure.ts';

/** A pattern that takes longer does not match: backtracking can take for ever, and other runs wait meanwhile. */
const patternTimeoutMs = 100;

/** The first of the rules that matches; every field that a rule gives must match. */
export function firstMatchingRule(
  rules: readonly FailureRule[],
  failure: PodFailure,
): FailureRule | undefined {
  return rules.find(
    ({ exitCodes, reasons, messagePattern, podConditions }) =>
      (exitCodes === undefined || (failure.exitCode !== undefined && exitCodes.includes(failure.exitCode))) &&
      (reasons?.includes(failure.reason) ?? true) &&
      (podConditions?.some((type) => failure.podConditions.includes(type)) ?? true) &&
      (messagePattern === undefined || isFound(messagePattern, failure.message)),
  );
}

/** A rule's name for people: its own, or its place in the list. */
export function ruleName(rules: readonly FailureRule[], rule: FailureRule): string {
  return rule.name ?? `rules[${rules.indexOf(rule)}]`;
}

function isFound(pattern: string, message: string): boolean {
  try {
    return (
      runInNewContext(
        'new RegExp(pattern).test(message)',
        { pattern, message },
        { timeout: patternTimeoutMs },
      ) === true
    );
  } catch {
    return false; // Not a regular expression, or one that backtracks without end.
  }
}
