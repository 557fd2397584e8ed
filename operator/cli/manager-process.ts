import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Gauge, Registry } from 'prom-client';
import { aborted } from '../base/abort.ts';
import { describeError } from '../base/errors.ts';
import { createLogger, standardError, type Logger } from '../base/logging.ts';
import { whileLeader, type Term } from '../cluster/http/lease-election.ts';
import type { ApiAccess } from '../cluster/http/api-access.ts';
import { openHttpCluster, type HttpCluster } from '../cluster/http/open-http-cluster.ts';
import { serviceAccountAccess } from '../cluster/http/service-account.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { createControllerMetrics, type ControllerMetrics } from '../controllers/controller-metrics.ts';
import { fencedCluster } from '../controllers/fenced-cluster.ts';
import { fetchProgress } from '../controllers/progress-reader.ts';
import { createRunMetrics, type RunMetrics } from '../controllers/run-metrics.ts';
import { runController } from '../controllers/run-controller.ts';
import { sweepController } from '../controllers/sweep-controller.ts';
import { createSweepMetrics, type SweepMetrics } from '../controllers/sweep-metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { commandExitCodes } from './exit-codes.ts';
import type { ManagerOptions } from './manager-options.ts';
import { startManagerServer } from './manager-server.ts';
import { metricsAccess } from './metrics-access.ts';
import { startSecureMetricsServer } from './secure-metrics-server.ts';

/** How often a standby looks at the lease; what a hand-over takes longer than it must. */
const standbyPeriodMs = 500;
/** How long reconciles under way may take to end; a call that hangs must not keep a leader that lost its lease. */
const endingGraceMs = 3_000;

/** What a manager is made of, once it has connected. */
interface Manager {
  readonly options: ManagerOptions;
  readonly context: CommandContext;
  readonly cluster: HttpCluster;
  readonly identity: string;
  readonly log: Logger;
  readonly metricsOf: (controller: string) => ControllerMetrics;
  readonly runMetrics: RunMetrics;
  readonly sweepMetrics: SweepMetrics;
  readonly leading: { set(isLeading: boolean): void };
  readonly onReady: () => void;
}

/**
 * Runs the operator until SIGTERM or SIGINT, or until it loses its lease.
 * @returns the exit code: 1 when the lease was lost, so that whoever started this process starts it again
 */
export async function runManager(options: ManagerOptions, context: CommandContext): Promise<number> {
  const log = createLogger(options.logLevel, { component: 'manager' }, standardError(context.stderr));
  const registry = new Registry();
  registerProcessMetrics(registry, context.programFolder);
  const identity = options.identity ?? `${hostname()}_${randomBytes(4).toString('hex')}`;
  const secure = secureMetricsOf(options);
  let isReady = false;
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const name of ['SIGTERM', 'SIGINT'] as const) context.signals.on(name, stop);
  await using closing = new AsyncDisposableStack();
  closing.defer(() => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) context.signals.off(name, stop);
  });
  const server = await startManagerServer({
    listen: options.listen,
    ...(secure === undefined ? { registry } : {}),
    isReady: () => isReady,
  });
  closing.defer(() => server.close());
  const cluster = await connect(options, context, identity, registry, log);
  closing.defer(() => cluster.close());
  const ports: { port: number; securePort?: number } = { port: server.port };
  if (secure !== undefined) {
    const { clock } = context;
    const access = metricsAccess(cluster, clock);
    const secureServer = await startSecureMetricsServer({ ...secure, registry, access, clock, log });
    closing.defer(() => secureServer.close());
    ports.securePort = secureServer.port;
  }
  log.info({ identity, ...ports }, 'started');
  const end = await act(
    {
      options,
      context,
      cluster,
      identity,
      log,
      metricsOf: createControllerMetrics(registry),
      runMetrics: createRunMetrics(registry, context.clock),
      sweepMetrics: createSweepMetrics(registry),
      leading: leadershipGauge(registry, options.lease),
      onReady: () => {
        isReady = true;
      },
    },
    stopping.signal,
  );
  log.info({ identity, end }, 'ended');
  return end === 'lost' ? commandExitCodes.failed : commandExitCodes.success;
}

/** Where metrics are served over TLS, if they are wanted so. */
function secureMetricsOf({
  secureMetricsListen: listen,
  tlsFolder,
}: ManagerOptions): { readonly listen: string; readonly tlsFolder: string } | undefined {
  if (listen === undefined && tlsFolder === undefined) return undefined;
  if (listen === undefined || tlsFolder === undefined)
    throw new CommandError('--secure-metrics-listen and --tls-folder are of use only together');
  return { listen, tlsFolder };
}

async function act(manager: Manager, signal: AbortSignal): Promise<'stopped' | 'lost'> {
  const { options, context, cluster, identity, log, leading, onReady } = manager;
  if (!options.leaderElection) {
    await control(manager, cluster, signal);
    return 'stopped';
  }
  const lead = async (term: Term) => {
    leading.set(true);
    try {
      await control(
        manager,
        fencedCluster(cluster, () => term.isLeader()),
        term.signal,
      );
    } finally {
      leading.set(false);
    }
  };
  return whileLeader(
    {
      cluster: noticing(cluster, onReady),
      lease: { namespace: options.leaseNamespace, name: options.lease },
      identity,
      clock: context.clock,
      random: Math.random,
      times: { standbyPeriodMs },
      log,
    },
    signal,
    lead,
  );
}

/** A standby is ready once the API server has answered it about the lease: it can take over then. */
function noticing(cluster: Cluster, onAnswer: () => void): Pick<Cluster, 'get' | 'create' | 'patch'> {
  return {
    get: async (type, key) => {
      const object = await cluster.get(type, key);
      onAnswer();
      return object;
    },
    create: (type, object) => cluster.create(type, object),
    patch: (type, key, patch, preconditions) => cluster.patch(type, key, patch, preconditions),
  };
}

/** Runs the controllers until `signal` ends them; one that fails ends them all. */
async function control(manager: Manager, cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { context, log, onReady } = manager;
  const ready = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()] as const;
  const controlled = Promise.all([
    controlRuns(manager, cluster, signal, () => ready[0].resolve(undefined)),
    controlSweeps(manager, cluster, signal, () => ready[1].resolve(undefined)),
    Promise.race([Promise.all(ready.map(({ promise }) => promise)), aborted(signal)]).then(() => {
      if (signal.aborted) return;
      log.info('the controllers have seen everything and begin');
      onReady();
    }),
  ]);
  const ended = new AbortController();
  const overdue = aborted(signal).then(() => context.clock.sleep(endingGraceMs, ended.signal));
  try {
    await Promise.race([controlled, overdue]);
  } finally {
    ended.abort();
  }
}

function controlRuns(
  { options, context, identity, log, metricsOf, runMetrics }: Manager,
  cluster: Cluster,
  signal: AbortSignal,
  onReady: () => void,
): Promise<void> {
  const { trainerImage, workers, namespace, leaseNamespace, prometheusNamespace } = options;
  const isolation = {
    operatorNamespace: leaseNamespace,
    ...(prometheusNamespace === undefined ? {} : { prometheusNamespace }),
  };
  return runController({
    cluster,
    clock: context.clock,
    log: log.child({ controller: 'trainingrun' }),
    fetchProgress,
    metrics: metricsOf('trainingrun'),
    runMetrics,
    onReady,
    settings: {
      trainerImage,
      workers,
      instance: identity,
      ...(namespace === undefined ? {} : { namespace }),
      ...(options.networkPolicies ? { isolation } : {}),
      hasSchedulingApis: true,
      discoversSchedulingApis: options.queueing,
    },
    signal,
  });
}

function controlSweeps(
  { options: { namespace }, context, identity, log, metricsOf, sweepMetrics }: Manager,
  cluster: Cluster,
  signal: AbortSignal,
  onReady: () => void,
): Promise<void> {
  return sweepController({
    cluster,
    clock: context.clock,
    log: log.child({ controller: 'trainingsweep' }),
    metrics: metricsOf('trainingsweep'),
    sweepMetrics,
    onReady,
    settings: { instance: identity, ...(namespace === undefined ? {} : { namespace }) },
    signal,
  });
}

async function connect(
  options: ManagerOptions,
  context: CommandContext,
  identity: string,
  registry: Registry,
  log: Logger,
): Promise<HttpCluster> {
  try {
    return await openHttpCluster({
      access: await accessOf(options, context),
      registry,
      log,
      rateLimit: { perSecond: options.apiRate, burst: options.apiBurst },
      // Replicas share an account; the server's audit log tells them apart by this.
      userAgent: `ringmaster-manager (${identity})`,
    });
  } catch (error) {
    throw new CommandError(`no cluster to act on: ${describeError(error)}`, {
      cause: error,
      exitCode: commandExitCodes.unavailable,
    });
  }
}

/** As for every command, but that in a pod no kubeconfig is looked for unless one is named. */
async function accessOf(
  { kubeconfig, context: contextName }: ManagerOptions,
  context: CommandContext,
): Promise<ApiAccess> {
  const { environment } = context;
  const isNamed = (kubeconfig ?? contextName ?? environment.KUBECONFIG) !== undefined;
  const account = isNamed ? undefined : serviceAccountAccess(environment);
  if (account !== undefined) return account;
  const { readKubeConfig } = await import('./connection/kube-config.ts');
  const kubeConfig = await readKubeConfig(
    {
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(contextName === undefined ? {} : { context: contextName }),
    },
    context,
  );
  if (kubeConfig === undefined) throw new Error('there is no kubeconfig, and this is not a pod of a cluster');
  return kubeConfig;
}

/** client-go's gauge of who leads. */
function leadershipGauge(registry: Registry, name: string): Manager['leading'] {
  const gauge = new Gauge({
    name: 'leader_election_master_status',
    help: 'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
    labelNames: ['name'],
    registers: [registry],
  });
  gauge.set({ name }, 0);
  return { set: (isLeading) => gauge.set({ name }, isLeading ? 1 : 0) };
}
