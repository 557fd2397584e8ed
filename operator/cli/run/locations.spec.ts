import { describe, expect, it } from 'vitest';
import { testRun } from '../display/test-run.ts';
import { resolveLocations } from './locations.ts';

describe('locations', () => {
  it('that begin with ./ or ../ are looked up from the working folder, every one of them', () => {
    const { spec } = testRun(undefined, 'a', {
      model: { pretrained: './resnet.safetensors' },
      data: { format: 'fashion-mnist', train: './data', validation: '../validation' },
      recipe: { distillation: { teacher: './teacher.safetensors' } },
      resumeFrom: './step-1',
      checkpoints: { uri: './checkpoints' },
    });
    expect(resolveLocations(spec, '/home/ada/work')).toMatchObject({
      model: { pretrained: '/home/ada/work/resnet.safetensors' },
      data: { train: '/home/ada/work/data', validation: '/home/ada/validation' },
      recipe: { distillation: { teacher: '/home/ada/work/teacher.safetensors' } },
      resumeFrom: '/home/ada/work/step-1',
      checkpoints: { uri: '/home/ada/work/checkpoints' },
    });
  });

  it('of other kinds stay as they are, and absent ones absent', () => {
    const { spec } = testRun(undefined, 'a', {
      data: { format: 'fashion-mnist', train: 's3://datasets/./x' },
      checkpoints: { uri: 'file:///runs' },
    });
    expect(resolveLocations(spec, '/home')).toEqual(spec);
  });
});
