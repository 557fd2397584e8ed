import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../control-plane/until.ts';
import { operatorUser } from '../operator/install.ts';
import { startManager, type ManagerProcess } from '../operator/manager.ts';
import { startTcpRelay, type TcpRelay } from '../operator/tcp-relay.ts';
import { useGangWorld } from './gang-world.ts';

/* Two replicas of the operator; the one that leads is stopped, killed, frozen or cut off while runs go on. */
const world = useGangWorld();
/** Longest time between a leader's last sign of life and the first act of another. */
const leaseMs = 15_000;

let replicas = 1;
let standby: ManagerProcess;

beforeEach(async () => {
  world().expectedWarnings.push(
    /the lease was lost/,
    /the lease could not be asked for/,
    /a watch begins again/,
  );
  standby = await startReplica(world().operatorKubeconfig);
  // It has looked at the lease once it is ready.
  await until('the standby is ready', async () =>
    (await standby.get('/readyz')).code === 200 ? true : undefined,
  );
});

async function startReplica(kubeconfig: string): Promise<ManagerProcess> {
  replicas += 1;
  const replica = await startManager({ name: `operator-${replicas}`, kubeconfig, folder: world().folder });
  onTestFinished(() => replica.child.kill());
  return replica;
}

/** Leaves the replica that is not the test's leader any more in charge of the next test. */
async function handOver(to: ManagerProcess): Promise<void> {
  const lines = await to.log();
  expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
}

/** Milliseconds from now until somebody acts on a run that is submitted now. */
async function timeToAct(name: string): Promise<number> {
  const since = performance.now();
  await world().submit(name);
  await until(
    `${name} has its pods`,
    async () => ((await world().podNames(name)).length === 2 ? true : undefined),
    {
      everyMs: 10,
      timeoutMs: 40_000,
    },
  );
  return performance.now() - since;
}

async function uids(name: string): Promise<(string | undefined)[]> {
  return (await world().pods(name)).map(({ metadata }) => metadata.uid);
}

/** No pod of any run was made twice, and none was deleted by the operator since. */
async function expectUntouched(sinceMs: number): Promise<void> {
  expect([...world().invariants.creations()].filter(([, times]) => times > 1)).toEqual([]);
  const deletions = (await world().audit.requests()).filter(
    ({ user, verb, resource, atMs }) =>
      user === operatorUser && verb.startsWith('delete') && resource === 'pods' && atMs > sinceMs,
  );
  expect(deletions).toEqual([]);
}

describe('when the leader', () => {
  it('is stopped, the standby acts within 2 s', async () => {
    await world().submitRunning('before');
    const [before, sinceMs] = [await uids('before'), Date.now()];
    const leader = world().manager;
    leader.child.signal('SIGTERM');
    const tookMs = await timeToAct('after');
    report('stopped', tookMs);
    expect(tookMs).toBeLessThan(2_000);
    await until('it has ended', async () => leader.child.ended());
    expect(await leader.child.ended()).toContain('code 0');
    expect(await uids('before')).toEqual(before);
    await expectUntouched(sinceMs);
    await adopt(standby);
  });

  it('is killed, the standby acts within the 15 s of its lease', async () => {
    await world().submitRunning('before');
    const [before, sinceMs] = [await uids('before'), Date.now()];
    await world().manager.child.kill();
    const tookMs = await timeToAct('after');
    report('killed', tookMs);
    expect(tookMs).toBeLessThan(leaseMs);
    expect(await uids('before')).toEqual(before);
    await expectUntouched(sinceMs);
    await adopt(standby);
  });

  it('is frozen and wakes up after another took over, it writes nothing and ends', async () => {
    await world().submitRunning('before');
    const [before, sinceMs] = [await uids('before'), Date.now()];
    const frozen = world().manager;
    frozen.child.signal('SIGSTOP');
    const tookMs = await timeToAct('after');
    report('frozen', tookMs);
    expect(tookMs).toBeLessThan(leaseMs);
    const wokenAtMs = Date.now();
    // Work for whoever thinks that it leads.
    await world().endPod('before-1-0', { exitCode: 70 });
    frozen.child.signal('SIGCONT');
    await until('it has ended', async () => frozen.child.ended(), { timeoutMs: 5_000 });
    expect(await frozen.child.ended()).toContain('code 1');
    await world().areDying('before', ['1-1']);
    const late = (await world().audit.requests()).filter(
      ({ userAgent, verb, atMs, code }) =>
        userAgent.includes(`(${frozen.name})`) &&
        atMs >= wokenAtMs &&
        !['get', 'list', 'watch'].includes(verb) &&
        code < 300,
    );
    expect(late).toEqual([]);
    await world().endDying('before', '1-1');
    await world().takeToRunning('before', 2);
    expect(await uids('before')).not.toEqual(before);
    expect([...world().invariants.creations()].filter(([, times]) => times > 1)).toEqual([]);
    expect(sinceMs).toBeLessThan(wokenAtMs);
    await adopt(standby);
  });

  it('is cut off, it ends by itself before the standby acts', async () => {
    // The one that is to be cut off leads; the other, on a cable of its own, waits.
    const relay = await relayed();
    await world().manager.stop();
    await until('the standby leads', () => leads(standby));
    await standby.stop();
    const cutOff = await startReplica(relay.kubeconfig);
    await until('it leads', () => leads(cutOff));
    const other = await startReplica(world().operatorKubeconfig);
    await until('the other is ready', async () =>
      (await other.get('/readyz')).code === 200 ? true : undefined,
    );
    await world().submitRunning('before');
    const [before, sinceMs] = [await uids('before'), Date.now()];
    relay.cut();
    const tookMs = await timeToAct('after');
    report('cut off', tookMs);
    expect(tookMs).toBeLessThan(leaseMs);
    const taken = await other.says('elected');
    expect(Date.parse((await cutOff.says('ended')).time)).toBeLessThan(Date.parse(taken.time));
    // A connection that is being made when the cable is cut is given up after 10 s.
    await until('the process is gone', async () => cutOff.child.ended());
    expect(await cutOff.child.ended()).toContain('code 1');
    expect(await uids('before')).toEqual(before);
    await expectUntouched(sinceMs);
    await adopt(other);
  });
});

describe('when the API server is killed and comes back', () => {
  it('no pod is touched, and the operator acts again within 10 s', async () => {
    await standby.stop();
    for (const name of ['one', 'two', 'three']) await world().submitRunning(name);
    const before = await Promise.all(['one', 'two', 'three'].map(uids));
    const sinceMs = Date.now();
    await world().controlPlane.apiServer.kill();
    await world().controlPlane.apiServer.start();
    const tookMs = await timeToAct('after');
    report('API server back', tookMs);
    expect(tookMs).toBeLessThan(10_000);
    expect(await Promise.all(['one', 'two', 'three'].map(uids))).toEqual(before);
    await expectUntouched(sinceMs);
    expect(await world().manager.child.ended()).toBeUndefined();
    // What happens from here on is seen as before.
    await world().endPod('one-1-0', { exitCode: 70 });
    await world().reaches('one', 'Restarting');
  });
});

async function leads(replica: ManagerProcess): Promise<true | undefined> {
  return (await replica.metric('leader_election_master_status')) === 1 ? true : undefined;
}

/** The replica that leads now is the next test's leader. */
async function adopt(replica: ManagerProcess): Promise<void> {
  await handOver(replica);
  const next = await startReplicaForGood();
  await replica.stop();
  await until('the next leader leads', () => leads(next));
  await world().useManager(next);
}

async function startReplicaForGood(): Promise<ManagerProcess> {
  replicas += 1;
  return startManager({
    name: `operator-${replicas}`,
    kubeconfig: world().operatorKubeconfig,
    folder: world().folder,
  });
}

async function relayed(): Promise<TcpRelay & { kubeconfig: string }> {
  const relay = await startTcpRelay(Number(new URL(world().controlPlane.server).port));
  onTestFinished(() => relay.close());
  const kubeconfig = join(world().folder, 'relayed.kubeconfig');
  const text = await readFile(world().operatorKubeconfig, 'utf8');
  await writeFile(
    kubeconfig,
    text.replace(world().controlPlane.server, `https://127.0.0.1:${String(relay.port)}`),
  );
  return { ...relay, kubeconfig };
}

/** The figures are published; `npm test -- --reporter=verbose` shows them. */
function report(what: string, tookMs: number): void {
  process.stderr.write(
    `hand-over, leader ${what}: ${(tookMs / 1000).toFixed(2)} s until a new run has its pods\n`,
  );
}
