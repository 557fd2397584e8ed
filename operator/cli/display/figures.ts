import { formatDurationMs } from '../../base/durations.ts';

/** A ratio such as an accuracy, in percent: `91.23 %`. */
export function formatPercent(ratio: number, decimals = 2): string {
  return `${(ratio * 100).toFixed(decimals)} %`;
}

/** A whole number with separators: `4,980`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en');
}

/** A learning rate to three digits: `0.0991`, `1.20e-5`. */
export function formatLearningRate(rate: number): string {
  if (rate === 0) return '0';
  return Math.abs(rate) < 0.001 ? rate.toExponential(2) : rate.toPrecision(3);
}

/** An epoch with its fraction: `3.12`. */
export function formatEpoch(epoch: number): string {
  return Number.isInteger(epoch) ? String(epoch) : epoch.toFixed(2);
}

/** Seconds as a length of time for people. */
export function formatSeconds(seconds: number): string {
  return seconds === 0 ? '0 s' : formatDurationMs(seconds * 1000);
}
