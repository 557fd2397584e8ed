import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeError } from '../base/errors.ts';
import { aProgressDocument } from '../plan/testing/fixtures.ts';
import { fetchProgress, ProgressUnavailableError } from './progress-reader.ts';

const host = '127.0.0.1';

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function failure(port: number, signal = new AbortController().signal): Promise<string> {
  try {
    await fetchProgress(host, signal, port);
  } catch (error) {
    expect(error).toBeInstanceOf(ProgressUnavailableError);
    return describeError(error);
  }
  throw new Error('it was answered');
}

describe('reading progress', () => {
  it('gives the document of the supervisor', async () => {
    const document = aProgressDocument(12);
    const port = await serve(({ url }, answer) =>
      answer.end(url === '/progress' ? JSON.stringify(document) : ''),
    );
    expect(await fetchProgress(host, new AbortController().signal, port)).toEqual(document);
  });

  it.each([
    ['something else', '{"state":"Dancing"}', 'state'],
    ['no JSON', '<html>', 'not valid JSON'],
    ['more than it may', 'x'.repeat(1024 * 1024 + 1), 'larger than 1048576 bytes'],
  ])('refuses an answer that is %s', async (_what, body, expected) => {
    const port = await serve((_question, answer) => answer.end(body));
    expect(await failure(port)).toContain(expected);
  });

  it('refuses an answer with another status than 200', async () => {
    const port = await serve((_question, answer) => answer.writeHead(503).end('{}'));
    expect(await failure(port)).toContain('status 503');
  });

  it('gives up on a connection that is cut or refused', async () => {
    const port = await serve((_question, answer) => answer.write('{"sta', () => answer.destroy()));
    expect(await failure(port)).toMatch(/aborted|hang up|ECONNRESET/);
    expect(await failure(1)).toContain('ECONNREFUSED');
  });

  it('gives up after two seconds on one that never ends', async () => {
    const port = await serve((_question, answer) => answer.write('{'));
    const startMs = performance.now();
    await failure(port);
    expect(performance.now() - startMs).toBeLessThan(4_000);
  });

  it('ends with its lifetime', async () => {
    const lifetime = new AbortController();
    const port = await serve(() => lifetime.abort());
    const startMs = performance.now();
    await failure(port, lifetime.signal);
    expect(performance.now() - startMs).toBeLessThan(1_500);
  });
});
