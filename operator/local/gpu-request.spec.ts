import { describe, expect, it } from 'vitest';
import type { Container } from '../api/wire.ts';
import { gpuRequest } from './gpu-request.ts';

const podOf = (...resources: NonNullable<Container['resources']>[]) => ({
  apiVersion: 'v1' as const,
  kind: 'Pod' as const,
  metadata: { name: 'pod' },
  spec: { containers: resources.map((each, index) => ({ name: `c${index}`, image: 'i', resources: each })) },
});

describe('the GPUs that a pod asks for', () => {
  it('are counted under any name, and cpu and memory are not', () => {
    expect(
      gpuRequest(podOf({ requests: { cpu: '8', memory: '64Gi', 'hugepages-2Mi': '4Mi', 'amd.com/gpu': 2 } })),
    ).toBe(2);
  });

  it('are those of all containers together', () => {
    expect(
      gpuRequest(podOf({ requests: { 'nvidia.com/gpu': '1' } }, { requests: { 'nvidia.com/gpu': '3' } })),
    ).toBe(4);
  });

  it('are counted once when they stand as request and as limit', () => {
    const gpus = { 'nvidia.com/gpu': '2' };
    expect(gpuRequest(podOf({ requests: gpus, limits: gpus }))).toBe(2);
    expect(gpuRequest(podOf({ limits: gpus }))).toBe(2);
  });
});
