import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** One page of a real browser, driven over its DevTools protocol (https://chromedevtools.github.io/devtools-protocol). */
export interface Page {
  /** Opens a page and waits until it has loaded. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page; promises are awaited. */
  evaluate(expression: string): Promise<unknown>;
  /** Calls a method of the protocol. */
  send(method: string, parameters?: object): Promise<Record<string, unknown>>;
  /** Presses a key that moves the focus. */
  press(key: 'Tab'): Promise<void>;
  /** What the page has complained of so far: messages of its console, and errors. */
  readonly complaints: readonly string[];
  /** What the page has asked for so far, beside itself. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Flags that keep the browser from asking for anything by itself; a container has no user namespaces. */
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--remote-debugging-port=0', 'about:blank'],
];

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Starts Debian's Chromium with one page of 1,000 by 800 pixels. */
export async function openPage(): Promise<Page> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-browser-'));
  const child = spawn('chromium', [...flags, `--user-data-dir=${folder}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const browser = await addressIn(child.stderr);
    const targets = (await (await fetch(`http://${new URL(browser).host}/json/list`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const address = targets.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? '';
    return { ...(await connect(address)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function addressIn(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stderr })) {
    const [, address] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (address !== undefined) {
      stderr.resume();
      return address;
    }
  }
  throw new Error('Chromium ended before it could be driven');
}

async function connect(address: string): Promise<Omit<Page, 'close'>> {
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('Chromium refused')), { once: true });
  });
  const complaints: string[] = [];
  const requests: string[] = [];
  const waiting = new Map<number, (message: Message) => void>();
  let loaded: () => void = () => undefined;
  let calls = 0;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    const { method, params } = message;
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Network.requestWillBeSent' && params?.type !== 'Document')
      requests.push(JSON.stringify(params?.request));
    if (method === 'Log.entryAdded' || method === 'Runtime.exceptionThrown')
      complaints.push(JSON.stringify(params));
    if (method === 'Runtime.consoleAPICalled') complaints.push(JSON.stringify(params));
  });
  const send = async (method: string, params: object = {}) => {
    calls += 1;
    const id = calls;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  };
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  await send('Emulation.setDeviceMetricsOverride', {
    ...{ width: 1000, height: 800, deviceScaleFactor: 1, mobile: false },
  });
  return {
    complaints,
    requests,
    send,
    press: async (key) => {
      await send('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key, windowsVirtualKeyCode: 9 });
    },
    open: async (url) => {
      const load = new Promise<void>((resolve) => (loaded = resolve));
      await send('Page.navigate', { url });
      await load;
    },
    evaluate: async (expression) => {
      const answer = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
      return (answer.result as { value?: unknown }).value;
    },
  };
}
