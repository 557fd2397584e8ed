import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { startChild } from '../control-plane/child.ts';
import { freePorts } from '../control-plane/free-ports.ts';
import { until } from '../control-plane/until.ts';

/** Whether Prometheus is here; the Debian package of that name brings it. */
export const hasPrometheus = spawnSync('prometheus', ['--version']).error === undefined;

/** One series of an answer: its labels and its values over time. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Finite ones only. */
  readonly values: readonly number[];
}

/** A real Prometheus that keeps everything it scraped since it was started. */
export interface Prometheus {
  /** What a query gives at the end of every second since the start: series with at least one number. */
  everSince(query: string): Promise<Series[]>;
  close(): Promise<void>;
}

const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

/** @param config what Prometheus calls its configuration; scrapes and rules every second */
export async function startPrometheus(folder: string, config: object): Promise<Prometheus> {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${String(port)}`;
  const file = join(folder, 'prometheus.yaml');
  const timing = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ global: timing, ...config }));
  const startedAtSeconds = Date.now() / 1000;
  const child = await startChild(
    'prometheus',
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=${address}`,
    ],
    join(folder, 'prometheus.log'),
  );
  await until('Prometheus is ready', async () => {
    const end = await child.ended();
    if (end !== undefined) throw new Error(end);
    const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    return answer?.ok === true ? true : undefined;
  });
  return {
    async everSince(query) {
      const times = { start: startedAtSeconds, end: Date.now() / 1000, step: 1 };
      const body = new URLSearchParams({
        query,
        ...Object.fromEntries(Object.entries(times).map(([key, value]) => [key, String(value)])),
      });
      const response = await fetch(`http://${address}/api/v1/query_range`, { method: 'POST', body });
      const text = await response.text();
      if (!response.ok) throw new Error(`${query}: ${text}`);
      return Answer.parse(JSON.parse(text))
        .data.result.map(({ metric, values }) => ({
          labels: metric,
          values: values.map(([, value]) => Number(value)).filter((value) => Number.isFinite(value)),
        }))
        .filter(({ values }) => values.length > 0);
    },
    close: () => child.kill(),
  };
}
