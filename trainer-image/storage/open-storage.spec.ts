import { describe, expect, it } from 'vitest';
import { localPath } from './location.ts';
import { openStorage } from './open-storage.ts';

describe('a location', () => {
  it('is a folder of this machine as a path or a file URI', () => {
    expect(openStorage('/data/runs').uri).toBe('/data/runs');
    expect(openStorage('file:///data/my%20runs/').uri).toBe('/data/my runs');
    expect(localPath('./runs')).toBe(`${process.cwd()}/runs`);
  });

  it('of object storage is a bucket with or without a prefix', () => {
    expect(localPath('s3://runs/a')).toBeUndefined();
    expect(['s3://runs', 's3://runs/', 's3://runs/a/b/'].map((uri) => openStorage(uri).uri)).toEqual([
      's3://runs',
      's3://runs',
      's3://runs/a/b',
    ]);
  });

  it('of another kind is refused with what to use instead', () => {
    expect(() => openStorage('gs://runs/a')).toThrow('no storage for gs://runs/a exists; use s3://');
    expect(() => openStorage('s3://Runs_/a')).toThrow('not a location in object storage');
  });
});
