import { Counter, Histogram, type Registry } from 'prom-client';

/** What is counted of requests to the API server. */
export interface RequestMetrics {
  /** One answer, or `<error>` when there was none. */
  answered(request: { method: string; host: string; code: string; seconds: number; isWatch: boolean }): void;
  /** One wait for the client's own rate limit. */
  limited(request: { method: string; host: string; seconds: number }): void;
  retried(request: { method: string; host: string; code: string }): void;
}

/** Bounds of k8s.io/component-base/metrics/prometheus/restclient. */
const durationBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Metrics under client-go's names and labels, so that existing dashboards and alerts work. */
export function createRequestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labelNames: ['code', 'method', 'host'],
    registers,
  });
  const durations = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Request latency in seconds. Broken down by verb, and host.',
    labelNames: ['verb', 'host'],
    buckets: durationBuckets,
    registers,
  });
  const waits = new Histogram({
    name: 'rest_client_rate_limiter_duration_seconds',
    help: 'Client side rate limiter latency in seconds. Broken down by verb, and host.',
    labelNames: ['verb', 'host'],
    buckets: durationBuckets,
    registers,
  });
  const retries = new Counter({
    name: 'rest_client_request_retries_total',
    help: 'Number of request retries, partitioned by status code, verb, and host.',
    labelNames: ['code', 'verb', 'host'],
    registers,
  });
  return {
    answered({ method, host, code, seconds, isWatch }) {
      requests.inc({ code, method, host });
      if (!isWatch) durations.observe({ verb: method, host }, seconds);
    },
    limited({ method, host, seconds }) {
      waits.observe({ verb: method, host }, seconds);
    },
    retried({ method, host, code }) {
      retries.inc({ code, verb: method, host });
    },
  };
}

/** Counts nothing. */
export const noRequestMetrics: RequestMetrics = {
  answered: () => undefined,
  limited: () => undefined,
  retried: () => undefined,
};
