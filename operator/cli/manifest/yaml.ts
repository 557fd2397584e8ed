import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents, type Event } from 'js-yaml';
import { describeError } from '../../base/errors.ts';
import { readPlainScalar } from './scalars.ts';

/** A value of a YAML or JSON file that knows where it stands. */
export interface YamlDocument {
  readonly value: unknown;
  /** Number of the document in the file, from 1; empty documents count too. */
  readonly number: number;
  /** Line of a field such as `spec.trainers.env[2].name`, or of the nearest field around it; from 1. */
  readonly lineOf: (path: string) => number;
}

interface YamlProblem {
  readonly line: number;
  /** Number of the document in the file, from 1. */
  readonly document: number;
  readonly path: string;
  readonly message: string;
}

export interface YamlReading {
  readonly documents: readonly YamlDocument[];
  readonly problems: readonly YamlProblem[];
}

/** Aliases may repeat a value, not multiply it: a document may hold so many values with all of them written out. */
const maxValues = 20_000;

type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;
type AliasEvent = Extract<Event, { type: typeof EVENT_ID.ALIAS }>;

interface Anchored {
  readonly value: unknown;
  /** How many values it holds, itself included. */
  readonly size: number;
}

/** One document on its way from events to a value. */
interface Composition {
  readonly source: string;
  readonly number: number;
  readonly events: readonly Event[];
  readonly lineAt: (offset: number) => number;
  readonly problems: YamlProblem[];
  readonly lines: Map<string, number>;
  /** `undefined` while the anchored value is still being read. */
  readonly anchors: Map<string, Anchored | undefined>;
  cursor: number;
  values: number;
}

/** Reads every document of a YAML 1.2 file, of which JSON is a part; all traps are reported at once. */
export function readYaml(source: string): YamlReading {
  const lineAt = lineLocator(source);
  const problems: YamlProblem[] = [];
  try {
    const events = parseEvents(source, {});
    return { documents: readDocuments(source, events, lineAt, problems), problems };
  } catch (error) {
    return { documents: [], problems: [describeSyntaxError(error, source)] };
  }
}

function readDocuments(
  source: string,
  events: readonly Event[],
  lineAt: (offset: number) => number,
  problems: YamlProblem[],
): YamlDocument[] {
  const documents: YamlDocument[] = [];
  let cursor = 0;
  for (let number = 1; cursor < events.length; number += 1) {
    cursor += 1; // the document's own event
    if (events[cursor]?.type !== EVENT_ID.POP) {
      const lines = new Map<string, number>();
      const composition: Composition = {
        source,
        number,
        events,
        lineAt,
        problems,
        lines,
        anchors: new Map(),
        cursor,
        values: 0,
      };
      const value = readValue(composition, '', 1);
      cursor = composition.cursor;
      if (value !== null) documents.push({ value, number, lineOf: (path) => lineOfNearest(lines, path) });
    }
    cursor += 1; // its end
  }
  return documents;
}

function readValue(composition: Composition, path: string, parentLine: number): unknown {
  const event = composition.events[composition.cursor];
  composition.cursor += 1;
  if (event === undefined || event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) {
    throw new TypeError('the YAML parser ended a value before it began');
  }
  const offset = offsetOf(event);
  const line = offset < 0 ? parentLine : composition.lineAt(offset);
  if (!composition.lines.has(path)) composition.lines.set(path, line);
  composition.values += 1;
  if (event.type === EVENT_ID.ALIAS) return readAlias(composition, event, path, line);

  const anchor = textBetween(composition.source, event.anchorStart, event.anchorEnd);
  if (anchor !== '') composition.anchors.set(anchor, undefined);
  const before = composition.values;
  checkTag(composition, event, path, line);
  const value =
    event.type === EVENT_ID.SCALAR
      ? readScalar(composition, event, path, line)
      : event.type === EVENT_ID.SEQUENCE
        ? readSequence(composition, path, line)
        : readMapping(composition, path, line);
  if (anchor !== '') composition.anchors.set(anchor, { value, size: composition.values - before + 1 });
  return value;
}

function readSequence(composition: Composition, path: string, line: number): unknown[] {
  const items: unknown[] = [];
  while (!atEnd(composition)) items.push(readValue(composition, `${path}[${items.length}]`, line));
  return items;
}

function readMapping(composition: Composition, path: string, line: number): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  while (!atEnd(composition)) {
    const key = readKey(composition, path, line);
    const fieldPath = path === '' ? key.name : `${path}.${key.name}`;
    if (entries.has(key.name)) {
      report(
        composition,
        key.line,
        fieldPath,
        `is given twice; the first is on line ${composition.lines.get(fieldPath) ?? line}`,
      );
    }
    if (!composition.lines.has(fieldPath)) composition.lines.set(fieldPath, key.line);
    const value = readValue(composition, fieldPath, key.line);
    if (!entries.has(key.name)) entries.set(key.name, value);
  }
  return Object.fromEntries(entries);
}

function readKey(composition: Composition, path: string, parentLine: number): { name: string; line: number } {
  const event = composition.events[composition.cursor];
  const pathOf = (name: string) => (path === '' ? name : `${path}.${name}`);
  if (event?.type !== EVENT_ID.SCALAR) {
    readValue(composition, pathOf('?'), parentLine);
    report(composition, parentLine, pathOf('?'), 'is a key that is not text; keys are plain words');
    return { name: '?', line: parentLine };
  }
  composition.cursor += 1;
  const line = event.valueStart < 0 ? parentLine : composition.lineAt(event.valueStart);
  const name = event.valueStart < 0 ? '' : getScalarValue(composition.source, event);
  const trap = event.style === SCALAR_STYLE.PLAIN ? describeKeyTrap(name) : undefined;
  if (trap !== undefined) report(composition, line, pathOf(name), trap);
  return { name, line };
}

function describeKeyTrap(name: string): string | undefined {
  if (name === '<<') return 'merge keys are read by some programs only; write the fields out';
  const scalar = readPlainScalar(name);
  if (!scalar.ok) return `the key ${scalar.message}`;
  return scalar.value === null ? 'is a key that is null; keys are plain words' : undefined;
}

function readScalar(composition: Composition, event: ScalarEvent, path: string, line: number): unknown {
  const text = event.valueStart < 0 ? '' : getScalarValue(composition.source, event);
  if (event.style !== SCALAR_STYLE.PLAIN || event.tagStart >= 0) return text;
  const scalar = readPlainScalar(text);
  if (scalar.ok) return scalar.value;
  report(composition, line, path, scalar.message);
  return text;
}

function readAlias(composition: Composition, event: AliasEvent, path: string, line: number): unknown {
  const name = textBetween(composition.source, event.anchorStart, event.anchorEnd);
  const anchored = composition.anchors.get(name);
  if (anchored === undefined) {
    const reason = composition.anchors.has(name) ? 'stands inside its own anchor' : 'has no anchor before it';
    report(composition, line, path, `alias *${name} ${reason}`);
    return null;
  }
  composition.values += anchored.size - 1;
  if (composition.values > maxValues) {
    throw new RangeError(
      `aliases multiply it to more than ${maxValues.toLocaleString('en')} values; write it out`,
    );
  }
  return anchored.value;
}

/** Tags turn values into other types in some programs; only the harmless `!!str`, `!!map` and `!!seq` are known. */
function checkTag(
  composition: Composition,
  event: Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP | typeof EVENT_ID.ALIAS }>,
  path: string,
  line: number,
): void {
  const tag = textBetween(composition.source, event.tagStart, event.tagEnd);
  const allowed =
    event.type === EVENT_ID.SCALAR ? '!!str' : event.type === EVENT_ID.MAPPING ? '!!map' : '!!seq';
  if (tag !== '' && tag !== '!' && tag !== allowed) {
    report(composition, line, path, `has the tag ${tag}, which is not read here; remove it`);
  }
}

function report(composition: Composition, line: number, path: string, message: string): void {
  composition.problems.push({ line, document: composition.number, path, message });
}

function atEnd(composition: Composition): boolean {
  const event = composition.events[composition.cursor];
  if (event === undefined) throw new TypeError('the YAML parser left a collection open');
  if (event.type !== EVENT_ID.POP) return false;
  composition.cursor += 1;
  return true;
}

function offsetOf(event: Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  return event.type === EVENT_ID.ALIAS ? event.anchorStart : event.start;
}

function textBetween(source: string, start: number, end: number): string {
  return start < 0 ? '' : source.slice(start, end);
}

function describeSyntaxError(error: unknown, source: string): YamlProblem {
  if (!(error instanceof YAMLException))
    return { line: 1, document: 1, path: '', message: describeError(error) };
  const line = (error.mark?.line ?? 0) + 1;
  const text = source.split('\n')[line - 1] ?? '';
  if (/^ *\t/.test(text)) {
    return {
      line,
      document: 1,
      path: '',
      message: 'a tab stands in the indentation; YAML indents with spaces only',
    };
  }
  return { line, document: 1, path: '', message: `is not valid YAML: ${explainReason(error.reason, text)}` };
}

/** The parser's own words where they help, with the likely mistake where they do not. */
function explainReason(reason: string, line: string): string {
  if (/^[^#"']*: [^"'[{]*: /.test(line)) return `${reason}; a value that contains ": " needs quotes`;
  switch (reason) {
    case 'deficient indentation':
      return 'a bracket or brace before this line is not closed';
    case 'end of the stream or a document separator is expected':
      return 'this line does not belong to what stands before it; check its indentation, or put --- between documents';
    default:
      return reason;
  }
}

/** Line of an offset, from 1. */
function lineLocator(source: string): (offset: number) => number {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function lineOfNearest(lines: ReadonlyMap<string, number>, path: string): number {
  const line = lines.get(path);
  if (line !== undefined) return line;
  const parent = path.replace(/(\.[^.[]*|\[[0-9]+\]|^[^.[]+)$/, '');
  return parent === path ? (lines.get('') ?? 1) : lineOfNearest(lines, parent);
}
