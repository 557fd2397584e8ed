import { describe, expect, it } from 'vitest';

import { configProto, serverDef, taskName } from './cluster-config.ts';

const threads = { intraOp: 2, interOp: 1 };
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('task names', () => {
  it('sort as text in the order of the ranks', () => {
    const names = Array.from({ length: 1200 }, (_, rank) => taskName(rank));
    expect(names.toSorted()).toEqual(names);
  });
});

describe('ConfigProto', () => {
  it('names no group leader and no devices for a world of one', () => {
    expect(text(configProto(threads))).not.toContain('/job');
  });

  it('lets a rank see its own devices only and rank 0 lead', () => {
    const config = text(configProto(threads, { addresses: ['a:1', 'b:2'], rank: 1 }));
    expect(config).toContain('/job:rank00001');
    expect(config).toContain('/job:rank00000/replica:0/task:0');
  });
});

describe('ServerDef', () => {
  it('lists every address and holds the ConfigProto too', () => {
    const position = { addresses: ['10.0.0.1:4000', '10.0.0.2:4000'], rank: 1 };
    const server = text(serverDef(threads, position));
    expect(server).toContain('10.0.0.1:4000');
    expect(server).toContain('10.0.0.2:4000');
    expect(server).toContain(text(configProto(threads, position)));
  });
});
