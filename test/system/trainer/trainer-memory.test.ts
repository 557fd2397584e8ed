import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TrainerPod } from './trainer-pod.ts';
import { endless, openTrainerWorld, type TrainerWorld } from './trainer-world.ts';

let world: TrainerWorld;
beforeAll(async () => {
  world = await openTrainerWorld();
});
afterEach(() => world.endPods());
afterAll(() => world.remove());

/** Resident memory of each rank, in bytes. */
async function residentMemoryBytes(pod: TrainerPod): Promise<number[]> {
  const { body } = await pod.get('/metrics');
  const lines = body.matchAll(/^ringmaster_trainer_resident_memory_bytes\{rank="\d+"\} (\d+)$/gm);
  return [...lines].map(([, value]) => Number(value));
}

describe('the memory of a rank', () => {
  it('grows by less than 2 % over 2,000 steps with evaluations and checkpoints', async () => {
    const pod = world.start('memory', { recipe: endless, every: { steps: 100 } });
    // By then every function is recorded, and the allocators have seen every size.
    await pod.untilStep(400, 120_000);
    const before = await residentMemoryBytes(pod);
    await pod.untilStep(2400, 400_000);
    const after = await residentMemoryBytes(pod);
    expect(before).toHaveLength(2);
    for (const [rank, bytes] of after.entries()) expect(bytes / (before[rank] ?? 0)).toBeLessThan(1.02);
  });
});
