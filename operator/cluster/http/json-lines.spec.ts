import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonLines } from './json-lines.ts';

async function read(chunks: readonly Buffer[]): Promise<unknown[]> {
  async function* source() {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const values: unknown[] = [];
  for await (const value of jsonLines(source())) values.push(value);
  return values;
}

describe('lines of JSON', () => {
  it('are the same however the bytes are cut', async () => {
    const anyText = fc.record({ text: fc.string({ unit: 'grapheme' }) });
    const anyCuts = fc.array(fc.nat(), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(anyText), anyCuts, async (values, cuts) => {
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
        const places = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
        const chunks = [0, ...places].map((start, index) =>
          bytes.subarray(start, places[index] ?? bytes.length),
        );
        expect(await read(chunks)).toEqual(values);
      }),
    );
  });

  it('leave out what a broken connection left of the last one', async () => {
    expect(await read([Buffer.from('{"a":1}\n{"b":')])).toEqual([{ a: 1 }]);
  });

  it('fail on a whole line that is not JSON', async () => {
    await expect(read([Buffer.from('<html>\n')])).rejects.toThrow(SyntaxError);
  });
});
