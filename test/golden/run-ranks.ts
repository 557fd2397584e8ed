import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** What a rank process of a test is started with. */
export interface RankArguments<Task> {
  readonly rank: number;
  readonly addresses: readonly string[];
  readonly task: Task;
}

export interface RankProcess {
  readonly process: ChildProcess;
  /** What the rank answered; rejects if it ended without an answer. */
  readonly answer: Promise<unknown>;
}

/**
 * Starts the ranks of a world as processes, as TensorFlow has one context and one place in a cluster per process.
 * @param script in `ranks/`, or its URL; it calls `answerTask`
 */
export async function startRanks<Task>(
  script: string | URL,
  worldSize: number,
  task: Task,
): Promise<RankProcess[]> {
  const addresses = (await freePorts(worldSize)).map((port) => `127.0.0.1:${port}`);
  return addresses.map((_, rank) => {
    const rankArguments: RankArguments<Task> = { rank, addresses, task };
    const program = script instanceof URL ? script : new URL(`ranks/${script}.ts`, import.meta.url);
    const child = fork(program, [JSON.stringify(rankArguments)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // The tests' own flags are not for a rank.
      execArgv: [],
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
    });
    return { process: child, answer: answerOf(child, `rank ${rank} of ${String(script)}`) };
  });
}

/** Runs the ranks to their end and returns their answers by rank. Ends all of them if one fails. */
export async function runRanks<Task>(
  script: string | URL,
  worldSize: number,
  task: Task,
): Promise<unknown[]> {
  const ranks = await startRanks(script, worldSize, task);
  try {
    return await Promise.all(ranks.map(({ answer }) => answer));
  } finally {
    for (const { process: child } of ranks) child.kill('SIGKILL');
  }
}

async function answerOf(child: ChildProcess, name: string): Promise<unknown> {
  const errors: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const answers: unknown[] = [];
  child.on('message', (message) => answers.push(message));
  // Not 'exit': messages and errors may still be on their way then.
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (answers.length === 0) {
    throw new Error(`${name} ended with ${signal ?? `code ${code}`} and no answer:\n${errors.join('')}`);
  }
  return answers[0];
}

/** Ports that nobody listens on. Another program could take one meanwhile; the rank then says so and the test fails. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
