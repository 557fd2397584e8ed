import { describe, expect, it } from 'vitest';
import { localPath } from './location.ts';
import { openStorage } from './open-storage.ts';

describe('a location', () => {
  it('is a folder of this machine as a path or a file URI', () => {
    expect(openStorage('/data/runs').uri).toBe('/data/runs');
    expect(openStorage('file:///data/my%20runs/').uri).toBe('/data/my runs');
    expect(localPath('./runs')).toBe(`${process.cwd()}/runs`);
  });

  it('of object storage is refused with what to use instead', () => {
    expect(localPath('s3://runs/a')).toBeUndefined();
    expect(() => openStorage('s3://runs/a')).toThrow(
      'no storage for s3://runs/a exists yet; use a folder of this machine',
    );
  });
});
