import { trainingRunKind, trainingSweepKind } from '../../api/v1alpha1/group.ts';
import { nearMiss } from '../../api/v1alpha1/near-miss.ts';
import type { TrainingRun } from '../../api/v1alpha1/training-run.ts';
import type { TrainingSweep } from '../../api/v1alpha1/training-sweep.ts';
import { validateTrainingSweep } from '../../api/v1alpha1/training-sweep-validate.ts';
import { validateTrainingRun } from '../../api/v1alpha1/validate.ts';
import { isObject } from '../../api/v1alpha1/wire-guards.ts';
import type { ManifestProblem } from './problem.ts';
import { readSource, type SourceContext } from './source.ts';
import { readYaml, type YamlDocument } from './yaml.ts';

/** A valid run, with defaults filled in, and where it was found. */
interface LoadedRun {
  readonly run: TrainingRun;
  readonly file: string;
  readonly line: number;
}

/** A valid sweep, with defaults filled in, and where it was found. */
interface LoadedSweep {
  readonly sweep: TrainingSweep;
  readonly file: string;
  readonly line: number;
}

export interface LoadedManifests {
  readonly runs: readonly LoadedRun[];
  readonly sweeps: readonly LoadedSweep[];
  /** Everything wrong with any of the files. When there are any, nothing may be started. */
  readonly problems: readonly ManifestProblem[];
}

/** The namespace of objects that name none, and of all of them where one was asked for. */
export interface NamespaceRule {
  readonly byDefault: string;
  /** What `--namespace` says. */
  readonly only?: string;
}

/** An object in a file: a document, or an item of a List. */
interface Candidate {
  readonly object: unknown;
  readonly file: string;
  readonly document: YamlDocument;
  /** Whether the file holds several documents, so that problems say which one they are in. */
  readonly numbered: boolean;
  /** Path of the object in its document, such as `items[2]`. */
  readonly base: string;
}

/** The runs of manifests, for commands that do nothing with sweeps and say so. */
export function runsOnly({
  runs,
  sweeps,
  problems,
}: LoadedManifests): Pick<LoadedManifests, 'runs' | 'problems'> {
  const message = 'is a sweep; `ringmaster run` trains it here, `kubectl apply` hands it over to a cluster';
  return {
    runs,
    problems: [
      ...problems,
      ...sweeps.map(({ sweep, file, line }) => ({ file, line, path: 'kind', value: sweep.kind, message })),
    ],
  };
}

/** Reads and checks manifest files, `-` being standard input. */
export async function loadManifests(
  files: readonly string[],
  context: SourceContext,
  namespaces: NamespaceRule = { byDefault: 'default' },
): Promise<LoadedManifests> {
  const runs: LoadedRun[] = [];
  const sweeps: LoadedSweep[] = [];
  const problems: ManifestProblem[] = [];
  for (const file of files) {
    const loaded = await loadFile(file, context, namespaces);
    runs.push(...loaded.runs);
    sweeps.push(...loaded.sweeps);
    problems.push(...loaded.problems);
  }
  const named = [
    ...runs.map(({ run: object, ...place }) => ({ object, ...place })),
    ...sweeps.map(({ sweep: object, ...place }) => ({ object, ...place })),
  ];
  return { runs, sweeps, problems: [...problems, ...duplicates(named)] };
}

async function loadFile(
  file: string,
  context: SourceContext,
  namespaces: NamespaceRule,
): Promise<LoadedManifests> {
  const name = file === '-' ? 'stdin' : file;
  const source = await readSource(file, context);
  if (!source.ok) return { runs: [], sweeps: [], problems: [{ file: name, message: source.message }] };
  const { documents, problems } = readYaml(source.text);
  if (documents.length === 0 && problems.length === 0) {
    return {
      runs: [],
      sweeps: [],
      problems: [{ file: name, message: 'holds no object, only comments or empty documents' }],
    };
  }
  const numbered = documents.length > 1;
  const traps = problems.map(({ document, ...problem }) => ({
    file: name,
    ...problem,
    ...(numbered ? { document } : {}),
  }));
  const doubtful = new Set(problems.map(({ document }) => document));
  const checked = documents
    .flatMap((document) => unfoldList({ object: document.value, file: name, document, numbered, base: '' }))
    .map((candidate) => ({ number: candidate.document.number, ...checkCandidate(candidate, namespaces) }));
  const found = checked.flatMap((result) => result.problems);
  const certain = checked.filter(({ number }) => !doubtful.has(number));
  return {
    runs: certain.flatMap(({ runs }) => runs),
    sweeps: certain.flatMap(({ sweeps }) => sweeps),
    problems: [...traps, ...withoutRepeats(found, traps)].sort(
      (left, right) => (left.line ?? 0) - (right.line ?? 0),
    ),
  };
}

/** A value that YAML itself makes doubtful needs no second complaint about its type. */
function withoutRepeats(
  problems: readonly ManifestProblem[],
  traps: readonly ManifestProblem[],
): ManifestProblem[] {
  return problems.filter(
    ({ document, path }) => !traps.some((trap) => trap.document === document && trap.path === path),
  );
}

function unfoldList(candidate: Candidate): Candidate[] {
  const { object, base } = candidate;
  if (!isObject(object) || object.kind !== 'List' || !Array.isArray(object.items)) return [candidate];
  return object.items.map((item: unknown, index) => ({
    ...candidate,
    object: item,
    base: joinPath(base, `items[${index}]`),
  }));
}

function checkCandidate(candidate: Candidate, { byDefault, only }: NamespaceRule): LoadedManifests {
  const { object, file, document, base } = candidate;
  const locate = (path: string): Pick<ManifestProblem, 'file' | 'line' | 'document' | 'path'> => ({
    file,
    line: document.lineOf(joinPath(base, path)),
    ...(candidate.numbered ? { document: document.number } : {}),
    path: joinPath(base, path),
  });
  if (!isObject(object)) {
    const message = 'is not a Kubernetes object; one has apiVersion, kind, metadata and spec';
    return { runs: [], sweeps: [], problems: [{ ...locate(''), value: object, message }] };
  }
  if (isForeignKind(object.kind)) {
    const message = `is not a kind of this program; known kinds: ${knownKinds.join(', ')}`;
    return { runs: [], sweeps: [], problems: [{ ...locate('kind'), value: object.kind, message }] };
  }
  const validation = validateObject(object);
  if (!validation.ok) {
    const problems = validation.problems.map((problem) => ({ ...problem, ...locate(problem.path) }));
    return { runs: [], sweeps: [], problems };
  }
  const place = { file, line: document.lineOf(base) };
  const { metadata: given } = validation.kind === 'run' ? validation.run : validation.sweep;
  const { namespace = byDefault } = given;
  if (only !== undefined && namespace !== only) {
    const message = `is not the ${only} that --namespace asks for; leave one of the two out`;
    return {
      runs: [],
      sweeps: [],
      problems: [{ ...locate('metadata.namespace'), value: namespace, message }],
    };
  }
  const metadata = { ...given, namespace };
  return validation.kind === 'run'
    ? { runs: [{ run: { ...validation.run, metadata }, ...place }], sweeps: [], problems: [] }
    : { runs: [], sweeps: [{ sweep: { ...validation.sweep, metadata }, ...place }], problems: [] };
}

const knownKinds = [trainingRunKind, trainingSweepKind];

/** Checks an object as the kind that it says it is, or most likely means. */
function validateObject(object: Record<string, unknown>) {
  const kind = typeof object.kind === 'string' ? nearMiss(object.kind, knownKinds) : undefined;
  if (kind !== trainingSweepKind) return { kind: 'run' as const, ...validateTrainingRun(object) };
  return { kind: 'sweep' as const, ...validateTrainingSweep(object) };
}

/** A kind that is nobody's misspelling of ours. */
function isForeignKind(kind: unknown): boolean {
  return typeof kind === 'string' && nearMiss(kind, knownKinds) === undefined;
}

function duplicates(
  loadedObjects: readonly { object: TrainingRun | TrainingSweep; file: string; line: number }[],
): ManifestProblem[] {
  const seen = new Map<string, { file: string; line: number }>();
  const problems: ManifestProblem[] = [];
  for (const { object, file, line } of loadedObjects) {
    const word = object.kind === trainingRunKind ? 'run' : 'sweep';
    const key = `the ${word} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, { file, line });
      continue;
    }
    problems.push({
      file,
      line,
      message: `${key} is defined twice; the first is ${first.file}:${first.line}`,
    });
  }
  return problems;
}

function joinPath(base: string, path: string): string {
  if (base === '' || path === '') return base + path;
  return `${base}.${path}`;
}
