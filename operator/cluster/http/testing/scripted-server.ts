import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';

/** One request as the server saw it. */
interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Which TCP connection it came over, from 1. */
  readonly connection: number;
}

export type Answer = (request: SeenRequest, response: ServerResponse) => void;

/** A local HTTP server that answers as a test tells it. */
export interface ScriptedServer extends AsyncDisposable {
  readonly requests: readonly SeenRequest[];
  /** Answers for the requests to come, one each; the last one answers all that follow. */
  answerWith(...answers: Answer[]): void;
  /** A kubeconfig for it; by default with a fixed token. */
  kubeConfig(user?: object): KubeConfig;
}

export async function startScriptedServer(): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  let answers: Answer[] = [];
  const connections = new WeakMap<object, number>();
  let connectionCount = 0;
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      request.setEncoding('utf8');
      for await (const chunk of request) body += String(chunk);
      const seen: SeenRequest = {
        method: request.method ?? '',
        url: new URL(request.url ?? '', 'http://server'),
        headers: request.headers,
        body,
        connection: connections.get(request.socket) ?? 0,
      };
      requests.push(seen);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === undefined) throw new Error('the test gave no answer');
      answer(seen, response);
    })();
  });
  server.on('connection', (socket) => connections.set(socket, (connectionCount += 1)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    requests,
    answerWith: (...next) => {
      answers = next;
    },
    kubeConfig(user = { token: 'token-1' }) {
      const kubeConfig = new KubeConfig();
      kubeConfig.loadFromOptions({
        // The library takes plain HTTP only from those who say that they mean it.
        clusters: [{ name: 'test', server: `http://127.0.0.1:${address.port}`, skipTLSVerify: true }],
        users: [{ name: 'me', ...user }],
        contexts: [{ name: 'test', cluster: 'test', user: 'me' }],
        currentContext: 'test',
      });
      return kubeConfig;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with JSON. */
export function json(code: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** Answers with a refusal. */
export function refusal(code: number, reason: string, headers: Record<string, string> = {}): Answer {
  return json(
    code,
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason },
    headers,
  );
}

/** Breaks the connection without an answer. */
export const reset: Answer = (_, response) => {
  response.socket?.resetAndDestroy();
};
