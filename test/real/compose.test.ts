import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { findProgram } from '../../devnet/programs.js';
import { Engine } from '../deploy/engine/engine.js';
import { whyNoNamespaces } from '../deploy/engine/machine.js';
import { ROOT, roles, type Service, services } from '../deploy/files.js';
import { ensureBuilt } from '../support/built.js';
import { hasChdb } from '../support/clickhouse/front.js';

/**
 * docker-compose.yml as it stands, without a container engine: each service on a network, on mounts and with rights of its own. Kafka,
 * anvil, HAProxy and Prometheus are the real ones; Crossroot's own Bitcoin node and its front over chDB stand in for two.
 */
const kafka = findKafka();
const haproxy = findProgram('haproxy', ['/usr/sbin']);
const prometheus = findProgram('prometheus');
const why =
  whyNoNamespaces() ??
  (typeof kafka === 'string' ? kafka : undefined) ??
  (hasChdb ? undefined : 'chDB is not installed') ??
  (haproxy === undefined ? 'haproxy is not on PATH' : undefined);
if (why !== undefined) console.warn(`docker-compose.yml is not brought up: ${why}`);

const MINUTES = 60_000;
/** Those that nobody asks anything, or that have no stand-in. */
const left = ['bitcoin-miner', 'grafana', ...(prometheus === undefined ? ['prometheus'] : [])];
let folder: string;
let engine: Engine;
beforeAll(async () => {
  if (why !== undefined || typeof kafka === 'string') return;
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'crossroot-compose-'));
  engine = new Engine(folder, new Map(services.filter(([name]) => !left.includes(name))), kafka);
  await engine.start();
}, 15 * MINUTES);
afterAll(async () => {
  await engine?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** Asks over the network, as a container does. */
async function ask(from: string, url: string, ...more: string[]): Promise<{ status: string; body: string }> {
  const { stdout } = await engine.machine.on(
    from,
    'curl',
    '-s',
    '-m',
    '40',
    '-w',
    '\n%{http_code}',
    ...more,
    url,
  );
  const at = stdout.lastIndexOf('\n');
  return { status: stdout.slice(at + 1), body: stdout.slice(0, at) };
}
const at = (name: string) => engine.machine.addresses.get(name) ?? '';
const gateway = (path: string) => `http://${at('gateway')}:4700${path}`;

/** Runs a module of ours on the network, where the foreign nodes are. */
async function pay(code: string): Promise<string[]> {
  const { stdout, stderr } = await engine.machine.on('gateway', 'node', '--input-type=module', '-e', code);
  expect(stdout, stderr).not.toBe('');
  return stdout.trim().split(' ');
}

async function proven(path: string, name: string): Promise<string> {
  let answer = await ask('anvil', gateway(path));
  for (const end = Date.now() + 4 * MINUTES; answer.status !== '200' && Date.now() < end; await sleep(500))
    answer = await ask('anvil', gateway(path));
  const file = join(folder, `${name}.json`);
  writeFileSync(file, answer.body);
  const words = [
    join(ROOT, 'dist/cli/main.js'),
    'verify',
    file,
    '--json',
    '--data',
    engine.storage.volume('data'),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return (JSON.parse(stdout) as { verdict: { assurance: string } }).verdict.assurance;
}

describe.skipIf(why !== undefined).sequential('docker-compose.yml', () => {
  test(
    'proves a payment on each chain through the one address',
    async () => {
      const [, password] = readFileSync(
        engine.storage.deployed('deploy/secrets/bitcoin_cookie'),
        'utf8',
      ).split(':');
      const bitcoin = { url: `http://${at('bitcoind')}:18443`, auth: { user: 'crossroot', password } };
      const payments = `${ROOT}dist/devnet/payments`;
      const [txid] = await pay(
        `import { payBitcoin } from '${payments}/bitcoin.js'; console.log((await payBitcoin(${JSON.stringify(bitcoin)}, { satoshi: 1000000n })).txid)`,
      );
      const [hash, log] = await pay(
        `import { payEthereum } from '${payments}/ethereum.js'; const paid = await payEthereum('http://${at('anvil')}:8545', { wei: 1n }); console.log(paid.transactionHash, paid.logIndex)`,
      );
      expect(await proven(`/v1/chains/bitcoin-regtest/txs/${txid}/proof`, 'bitcoin')).toBe('work');
      const path = `/v1/chains/ethereum-local/txs/${hash}/proof?kind=log&log=${log}`;
      expect(await proven(path, 'ethereum')).toBe('sync-committee');
    },
    10 * MINUTES,
  );

  test('each client has a rate limit of its own, whatever it says of itself', async () => {
    const remaining = async (from: string, claimed: string) => {
      const { body } = await ask(from, gateway('/healthz'), '-i', '-H', `X-Forwarded-For: ${claimed}`);
      return Number(/^ratelimit: limit=1200, remaining=(\d+)/im.exec(body)?.[1]);
    };
    // Each of the two API servers counts for itself.
    const many: number[] = [];
    for (let i = 0; i < 8; i++) many.push(await remaining('kafka', `203.0.113.${i}`));
    expect(Math.min(...many)).toBeLessThanOrEqual(1196);
    expect(await remaining('clickhouse', '198.51.100.1')).toBe(1199);
  });

  test('each container sees its own keys, and writes to its own volumes alone', async () => {
    for (const [name, { command = [], restart }] of roles as [string, Service][]) {
      if (restart === 'no') continue;
      const found = await engine.machine.inside(
        name,
        'find',
        '/data',
        '-name',
        'account.json',
        '-o',
        '-name',
        'passphrase',
      );
      const [role, number] = [command[0], name.at(-1)];
      const own =
        role === 'node'
          ? `delegates/${number}`
          : role === 'relay'
            ? `operator${number === '0' ? '' : '-1'}`
            : undefined;
      const expected = own === undefined ? [] : [`/data/${own}/keys/account.json`, `/data/${own}/passphrase`];
      expect(
        found.stdout
          .split('\n')
          .filter((line) => line !== '')
          .sort(),
        name,
      ).toEqual(expected);
      const pid = engine.machine.child(name).pid;
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(status, name).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
      expect(status, name).toMatch(/^CapEff:\t0{16}$/m);
      for (const path of ['/x', '/data/x', '/beacon/x', '/data/genesis.json'])
        expect((await engine.machine.inside(name, 'touch', path)).stderr, `${name}: ${path}`).toMatch(
          /Read-only file system/,
        );
    }
    // What all can read holds no key.
    const shared = readdirSync(engine.storage.volume('data'), { recursive: true, encoding: 'utf8' });
    expect(shared.filter((path) => /passphrase|keys/.test(path))).toEqual([]);
  });

  test.skipIf(prometheus === undefined)(
    'Prometheus reaches every role and the gateway',
    async () => {
      const names = roles.filter(([, { restart }]) => restart !== 'no').map(([name]) => name);
      const targets = async () => {
        const { body } = await ask('anvil', `http://${at('prometheus')}:9090/api/v1/targets?state=active`);
        const { data } = JSON.parse(body) as {
          data: { activeTargets: { scrapeUrl: string; health: string }[] };
        };
        return data.activeTargets.flatMap(({ scrapeUrl, health }) =>
          health === 'up' ? [new URL(scrapeUrl).hostname] : [],
        );
      };
      await expect
        .poll(targets, { timeout: MINUTES, interval: 1000 })
        .toEqual(expect.arrayContaining([...names, 'gateway']));
    },
    2 * MINUTES,
  );

  test(
    'every role ends with 0 within the time that an engine gives it',
    async () => {
      for (const kind of ['api', 'relay', 'index', 'node']) {
        const names = roles.flatMap(([name, { command }]) => (command?.[0] === kind ? [name] : []));
        const codes = names.map((name) => {
          const child = engine.machine.child(name);
          const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
          const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
          child.kill('SIGTERM');
          return ended.finally(() => clearTimeout(late));
        });
        expect(await Promise.all(codes), kind).toEqual(names.map(() => 0));
      }
    },
    2 * MINUTES,
  );
});
