import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { startChild, type Child } from './child.ts';
import { freePorts } from './free-ports.ts';
import { installCrd, type Fetch } from './install-crd.ts';
import { controlPlaneProgram } from './programs.ts';
import { servingCertificate } from './serving-certificate.ts';
import { until } from './until.ts';
import { builtInUsers, kubeconfig, tokenFile, withTokens, type User } from './users.ts';

/** The parts that may run besides etcd and kube-apiserver. */
type Component = 'controller-manager' | 'scheduler';

export interface ControlPlaneOptions {
  /**
   * Default both. Without the controller manager there are no service accounts, no garbage collection and no end of
   * namespaces; without the scheduler pods get no node.
   */
  readonly components?: readonly Component[];
  /** Users besides the cluster admin; they may do what RBAC objects of the test allow. */
  readonly users?: readonly User[];
  /** More flags of kube-apiserver, such as feature gates or an audit policy. */
  readonly apiServerFlags?: readonly string[];
  readonly controllerManagerFlags?: readonly string[];
  readonly schedulerFlags?: readonly string[];
  /**
   * Files of CRDs to install before the controllers start: the garbage collector knows resources that come later only
   * when it looks again, after up to 30 s.
   */
  readonly crdFiles?: readonly string[];
  /** Ends everything when aborted, besides `close`. */
  readonly signal?: AbortSignal;
}

/** A running control plane. */
export interface ControlPlane {
  /** `https://127.0.0.1:<port>`. */
  readonly server: string;
  /** Its files and logs; removed by `close`. */
  readonly folder: string;
  /** Path of a kubeconfig. Default user: the cluster admin. */
  kubeconfigFile(user?: string): Promise<string>;
  /** The bearer token of a user. */
  token(user: string): string;
  /** Sends a request as the cluster admin and gives the answer's JSON, whatever its code. */
  readonly fetch: Fetch;
  /** The API server alone can be taken away and come back, on the same port, with the same state. */
  readonly apiServer: {
    kill(): Promise<void>;
    start(): Promise<void>;
    signal(signal: NodeJS.Signals): void;
  };
  /** Ends every process, the API server before its etcd, and removes the folder. */
  close(): Promise<void>;
}

const readyTimeoutMs = 60_000;

/** Starts a real control plane on free loopback ports in a folder of its own, and waits until it is ready. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const components = options.components ?? ['controller-manager', 'scheduler'];
  const program = await controlPlaneProgram();
  const folder = await mkdtemp(join(tmpdir(), 'ringmaster-control-plane-'));
  const [etcdPort, etcdPeerPort, securePort] = await freePorts(3);
  const server = `https://127.0.0.1:${String(securePort)}`;
  const users = withTokens([...Object.values(builtInUsers), ...(options.users ?? [])]);
  const certificateFile = join(folder, 'apiserver.crt');
  const keyFile = join(folder, 'service-account.key');
  const children: Child[] = [];
  let apiServer: Child | undefined;
  let agent: Agent | undefined;

  const start = (name: string, flags: readonly string[]) =>
    startChild(name, program, [name, ...flags], join(folder, `${name}.log`));

  function known(name: string) {
    const user = users.get(name);
    if (user === undefined) throw new Error(`there is no user ${name}; name it in options.users`);
    return user;
  }

  /** Each is written once: a command that starts now may read it while another is started. */
  const kubeconfigFiles = new Map<string, Promise<string>>();

  function kubeconfigFile(name: string = builtInUsers.admin.name): Promise<string> {
    const write = async () => {
      const file = join(folder, `${name.replaceAll(':', '-')}.kubeconfig`);
      await writeFile(file, kubeconfig(known(name), server, certificateFile));
      return file;
    };
    const file = kubeconfigFiles.get(name) ?? write();
    kubeconfigFiles.set(name, file);
    return file;
  }

  const fetch: Fetch = async (method, path, body) => {
    agent ??= new Agent({ allowH2: false, connect: { ca: await servingCertificate(folder) } });
    const response = await request(`${server}${path}`, {
      dispatcher: agent,
      method,
      headers: {
        authorization: `Bearer ${known(builtInUsers.admin.name).token}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    return { code: response.statusCode, body: isJson ? JSON.parse(text) : text };
  };

  /** Waits for a 200; a process that ended meanwhile is the better message, else the last answer that was none. */
  async function ready(path: string): Promise<void> {
    let lastAnswer: unknown;
    await until(
      `${path} of the control plane in ${folder}`,
      async () => {
        for (const child of [...children, ...(apiServer === undefined ? [] : [apiServer])]) {
          const end = await child.ended();
          if (end !== undefined) throw new Error(end);
        }
        try {
          const { code, body } = await fetch('GET', path);
          lastAnswer = `${code} ${JSON.stringify(body)}`;
          return code === 200 ? true : undefined;
        } catch (error) {
          lastAnswer = error;
          return undefined;
        }
      },
      { timeoutMs: readyTimeoutMs, whyNot: () => lastAnswer },
    );
  }

  async function startApiServer(): Promise<void> {
    apiServer = await start('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${String(etcdPort)}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${String(securePort)}`,
      `--cert-dir=${folder}`,
      '--authorization-mode=Node,RBAC',
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${keyFile}`,
      `--service-account-signing-key-file=${keyFile}`,
      '--service-cluster-ip-range=10.0.0.0/16',
      '--endpoint-reconciler-type=none',
      '--allow-privileged',
      // Service accounts are the controller manager's work; without it every pod would wait for one.
      ...(components.includes('controller-manager') ? [] : ['--disable-admission-plugins=ServiceAccount']),
      ...(options.apiServerFlags ?? []),
    ]);
    await ready('/readyz');
  }

  async function close(): Promise<void> {
    // Nothing that they hold outlives the folder, so they need no time to end well; but an API server without its etcd
    // would not end for long.
    for (const child of children.filter(({ name }) => name !== 'etcd')) await child.kill();
    await apiServer?.kill();
    for (const child of children) await child.kill();
    await agent?.destroy();
    agent = undefined;
    await rm(folder, { recursive: true, force: true });
  }

  try {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(join(folder, 'tokens.csv'), tokenFile(users.values()), { mode: 0o600 });
    const etcdUrl = `http://127.0.0.1:${String(etcdPort)}`;
    const etcdPeerUrl = `http://127.0.0.1:${String(etcdPeerPort)}`;
    children.push(
      await start('etcd', [
        `--data-dir=${join(folder, 'etcd')}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${etcdPeerUrl}`,
        `--initial-advertise-peer-urls=${etcdPeerUrl}`,
        `--initial-cluster=default=${etcdPeerUrl}`,
        // A test's state need not survive the machine.
        '--unsafe-no-fsync',
      ]),
    );
    await startApiServer();
    for (const file of options.crdFiles ?? []) await installCrd(fetch, file);
    if (components.includes('controller-manager')) {
      const kubeconfigOfManager = await kubeconfigFile(builtInUsers.controllerManager.name);
      children.push(
        await start('kube-controller-manager', [
          `--kubeconfig=${kubeconfigOfManager}`,
          '--secure-port=0',
          '--leader-elect=false',
          '--controllers=*,-nodeipam',
          // 50 s by default; a node that is lost should not keep a test waiting.
          '--node-monitor-grace-period=8s',
          '--use-service-account-credentials',
          `--service-account-private-key-file=${keyFile}`,
          `--root-ca-file=${certificateFile}`,
          ...(options.controllerManagerFlags ?? []),
        ]),
      );
    }
    if (components.includes('scheduler')) {
      const kubeconfigOfScheduler = await kubeconfigFile(builtInUsers.scheduler.name);
      children.push(
        await start('kube-scheduler', [
          `--kubeconfig=${kubeconfigOfScheduler}`,
          '--secure-port=0',
          '--leader-elect=false',
          ...(options.schedulerFlags ?? []),
        ]),
      );
    }
    // Pods are refused in a namespace that has no default service account yet.
    await ready(
      components.includes('controller-manager')
        ? '/api/v1/namespaces/default/serviceaccounts/default'
        : '/api/v1/namespaces/default',
    );
  } catch (error) {
    await close();
    throw error;
  }
  options.signal?.addEventListener('abort', () => void close(), { once: true });

  return {
    server,
    folder,
    kubeconfigFile,
    token: (user) => known(user).token,
    fetch,
    apiServer: {
      kill: async () => apiServer?.kill(),
      start: startApiServer,
      signal: (signal) => apiServer?.signal(signal),
    },
    close,
  };
}
