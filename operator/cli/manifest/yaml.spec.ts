import fc from 'fast-check';
import { dump, load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { readYaml } from './yaml.ts';

/** The only document of a text. */
function document(text: string) {
  const { documents, problems } = readYaml(text);
  expect(problems).toEqual([]);
  expect(documents).toHaveLength(1);
  return documents[0];
}

/** JSON objects whose numbers are exact. */
const objects = fc.object({
  values: [
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  ],
  maxDepth: 3,
});

describe('a YAML document', () => {
  it('knows the line of every field, in block and flow style', () => {
    const read = document('a: 1\nb:\n  - x\n  - name: z\n    value:\nc: {d: [1,\n  2]}\n');
    const lines = ['a', 'b', 'b[0]', 'b[1]', 'b[1].name', 'b[1].value', 'c.d[0]', 'c.d[1]'].map((path) =>
      read?.lineOf(path),
    );
    expect(lines).toEqual([1, 2, 3, 4, 4, 5, 6, 7]);
  });

  it('names the nearest line for a field that is not there', () => {
    const read = document('a:\n  b:\n    c: 1\n');
    expect(['a.b.x', 'a.x.y.z', 'x', 'a.b.c.x[2].y'].map((path) => read?.lineOf(path))).toEqual([2, 1, 1, 3]);
  });

  it('may share values by anchors', () => {
    expect(document('a: &x {b: 1}\nc: *x\nd: [*x, *x]\n')?.value).toEqual({
      a: { b: 1 },
      c: { b: 1 },
      d: [{ b: 1 }, { b: 1 }],
    });
  });

  it('keeps quoted words and numbers as text, and !!str too', () => {
    expect(document('a: "yes"\nb: \'010\'\nc: !!str 5\nd: |\n  no\n')?.value).toEqual({
      a: 'yes',
      b: '010',
      c: '5',
      d: 'no\n',
    });
  });

  it('cannot change what objects inherit', () => {
    const value = document('__proto__: {polluted: 1}\n')?.value;
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('is one of several, of which the empty ones are left out but counted', () => {
    const { documents } = readYaml('---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n');
    expect(documents.map(({ value, number }) => [value, number])).toEqual([
      [{ a: 1 }, 1],
      [{ b: 2 }, 4],
    ]);
  });

  it('reads JSON as JSON does', () => {
    fc.assert(
      fc.property(objects, (value) => {
        const text = JSON.stringify(value, undefined, 1);
        expect(document(text)?.value).toEqual(JSON.parse(text));
      }),
    );
  });

  it('reads what js-yaml writes as js-yaml reads it', () => {
    fc.assert(
      fc.property(objects, (value) => {
        const text = dump(value);
        // It leaves text such as 1_0 unquoted, which kubectl takes for a number, and which is refused here.
        const refused = readYaml(text).problems.filter(
          ({ message }) => !message.includes('a number to kubectl'),
        );
        expect(refused).toEqual([]);
        fc.pre(readYaml(text).problems.length === 0);
        expect(document(text)?.value).toEqual(load(text));
      }),
    );
  });

  it('never makes the reader throw, whatever the text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[-a:&*!?{}[\],"'|> \n\t#%~<0]{0,40}$/), (text) => {
        expect(Array.isArray(readYaml(text).problems)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
