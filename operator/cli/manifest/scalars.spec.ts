import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { readPlainScalar } from './scalars.ts';

describe('a plain scalar', () => {
  it.each([
    ['', null],
    ['~', null],
    ['null', null],
    ['true', true],
    ['FALSE', false],
    ['0', 0],
    ['-12', -12],
    ['+7', 7],
    ['0x1F', 31],
    ['.5', 0.5],
    ['1.', 1],
    ['1.0e-4', 0.0001],
    ['1e-4', 0.0001],
    ['2026-01-31', '2026-01-31'],
    ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00Z'],
    ['10m', '10m'],
    ['200Gi', '200Gi'],
    ['s3://datasets/train-*', 's3://datasets/train-*'],
    ['yesterday', 'yesterday'],
    ['1.2.3', '1.2.3'],
    ['_1', '_1'],
    ['._', '._'],
    ['1_x', '1_x'],
  ])('"%s" is read as all readers read it', (text, value) => {
    expect(readPlainScalar(text)).toEqual({ ok: true, value });
  });

  it.each(['yes', 'NO', 'On', 'off', 'y', 'N', '010', '-010', '007', '0o17', '0b1', '1_000', '1_0.5', '._5'])(
    '"%s" is refused, as readers differ',
    (text) => {
      expect(readPlainScalar(text)).toMatchObject({ ok: false });
    },
  );

  it.each(['1:30', '190:20:30.15', '.inf', '-.INF', '.NaN', '1e999', '9007199254740993'])(
    '"%s" is refused, as no JSON number says the same',
    (text) => {
      expect(readPlainScalar(text)).toMatchObject({ ok: false });
    },
  );

  it('that is accepted has the value that YAML 1.2 gives it', () => {
    const looksLikeScalar = fc.stringMatching(/^[+0-9a-zA-Z_~][-+.0-9a-zA-Z_]{0,7}$/);
    fc.assert(
      fc.property(looksLikeScalar, (text) => {
        const scalar = readPlainScalar(text);
        fc.pre(scalar.ok);
        expect(scalar).toEqual({ ok: true, value: load(text) });
      }),
    );
  });
});
