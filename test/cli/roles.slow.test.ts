import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkShared, loadRoleConfig, readSetup } from '../../cli/roles/setup.js';
import { loadConfig } from '../../config/load.js';
import { mainNodes } from '../../config/main.js';
import { withSecrets } from '../../config/secrets.js';
import { freePorts } from '../../devnet/ports.js';
import { regtestGenesis } from '../mainchain/foreign.js';
import { crossroot, ensureBuilt } from '../support/built.js';

/** The roles as commands: what is refused, what `init` makes, how a role starts and stops as a process of its own. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CHAIN = {
  name: 'bitcoin-regtest',
  policy: 'confirmations(2)',
  sources: [{ type: 'bitcoin-headers-file', path: 'headers.bin' }],
};
const KAFKA = { type: 'kafka', brokers: ['127.0.0.1:1'] };
const CLICKHOUSE = { type: 'clickhouse', url: 'http://127.0.0.1:1' };

let folder: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'crossroot-roles-'));
  await writeFile(join(folder, 'headers.bin'), regtestGenesis.raw);
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Writes a configuration. @returns its path */
async function configured(name: string, settings: object): Promise<string> {
  const path = join(folder, `${name}.json`);
  await writeFile(path, JSON.stringify({ chains: [CHAIN], ...settings }));
  return path;
}

describe('the configuration', () => {
  test('where nodes are: by name, or port by port on loopback', async () => {
    const nodes = [
      { p2p: 'node-0:4710', rpc: 'node-0:4720' },
      { p2p: '[fd00::1]:4711', rpc: '[fd00::1]:4721' },
    ];
    const { main } = await loadConfig(await configured('nodes', { main: { nodes } }));
    expect([main.delegates, mainNodes(main)]).toEqual([
      2,
      [
        { p2p: { host: 'node-0', port: 4710 }, rpc: { host: 'node-0', port: 4720 } },
        { p2p: { host: 'fd00::1', port: 4711 }, rpc: { host: 'fd00::1', port: 4721 } },
      ],
    ]);
    const counted = await loadConfig(await configured('counted', { main: { delegates: 2, rpcPort: 5000 } }));
    expect(mainNodes(counted.main).map(({ rpc }) => rpc)).toEqual([
      { host: '127.0.0.1', port: 5000 },
      { host: '127.0.0.1', port: 5001 },
    ]);
  });

  test.each([
    [
      'a node without a port',
      { nodes: [{ p2p: 'a', rpc: 'a:1' }] },
      /main\.nodes\[0\]\.p2p: is not host:port/,
    ],
    ['port 0', { nodes: [{ p2p: 'a:0', rpc: 'a:1' }] }, /main\.nodes\[0\]\.p2p: is not host:port/],
    ['port 65536', { nodes: [{ p2p: 'a:1', rpc: 'a:65536' }] }, /main\.nodes\[0\]\.rpc: is not host:port/],
    [
      'other numbers',
      { delegates: 2, nodes: [{ p2p: 'a:1', rpc: 'a:2' }] },
      /main\.nodes: are 1, main\.delegates is 2/,
    ],
    ['no operator', { operators: 0 }, /main\.operators/],
  ])('refused: %s', async (name, main, message) => {
    await expect(loadConfig(await configured(name, { main }))).rejects.toThrow(message);
  });

  test('secrets come from the environment and from files, and are told to nobody', async () => {
    await writeFile(join(folder, 'secret'), 'of the file\n');
    const json = {
      a: { env: 'CROSSROOT_TEST' },
      b: [{ file: 'secret' }],
      c: { env: 'A', d: 1 },
      e: { env: 2 },
    };
    const environment = { CROSSROOT_TEST: 'of the environment' };
    expect(await withSecrets(json, folder, 'x.json', environment)).toEqual({
      ...json,
      a: 'of the environment',
      b: ['of the file'],
    });
    const missing = withSecrets(
      { log: { sasl: { password: { env: 'NOPE' } } } },
      folder,
      'x.json',
      environment,
    );
    await expect(missing).rejects.toThrow(
      'x.json: log.sasl.password: the environment variable NOPE is not set',
    );
    const noFile = withSecrets({ a: [{ file: 'nope' }] }, folder, 'x.json');
    await expect(noFile).rejects.toThrow(/^x\.json: a\[0\]: cannot be read/);
    await writeFile(join(folder, 'long'), 'x'.repeat(70_000));
    await expect(withSecrets({ a: { file: 'long' } }, folder, 'x.json')).rejects.toThrow(/longer than/);
    let deep: object = {};
    for (let i = 0; i < 100; i++) deep = { deep };
    await expect(withSecrets(deep, folder, 'x.json')).rejects.toThrow(/nested too deeply/);
    const path = await configured('secrets', {
      log: { ...KAFKA, sasl: { mechanism: 'plain', username: 'u', password: { file: 'secret' } } },
    });
    expect((await loadConfig(path)).log).toMatchObject({ sasl: { password: 'of the file' } });
  });

  test('roles start no local nodes', async () => {
    const chains = [CHAIN, { name: 'ethereum-local', policy: 'finalized', devnet: {} }];
    const path = await configured('devnet', { chains });
    await expect(loadRoleConfig(path)).rejects.toThrow(
      /chains\[1\]\.devnet: only crossroot up starts local nodes/,
    );
    await expect(loadRoleConfig(undefined)).rejects.toThrow(/chains\[0\]\.devnet/);
  });

  test('a log or an index inside one process is shared by nobody', async () => {
    const shared = async (settings: object) => {
      const path = await configured('shared', settings);
      checkShared(await loadRoleConfig(path), path);
    };
    await expect(shared({})).rejects.toThrow(
      /log: an embedded log is inside one process; give Kafka, or on one/,
    );
    await expect(shared({ log: KAFKA })).rejects.toThrow(
      /index: chDB is inside one process; give a ClickHouse/,
    );
    await expect(shared({ log: KAFKA, index: CLICKHOUSE })).resolves.toBeUndefined();
    await expect(shared({ log: KAFKA, index: { type: 'none' } })).resolves.toBeUndefined();
  });
});

describe.sequential('as processes', () => {
  let base: number;
  let config: string;
  const data = () => join(folder, 'data');
  const main = () => ({
    ...{ name: 'roles', slotMilliseconds: 200, operators: 2 },
    nodes: [{ p2p: `127.0.0.1:${base}`, rpc: `127.0.0.1:${base + 1}` }],
  });
  const common = () => ['--config', config, '--data', data()];

  beforeAll(async () => {
    base = await freePorts(3);
    config = await configured('roles', { main: main(), log: KAFKA, index: CLICKHOUSE });
  });

  /** Starts a role. Its output and its end can be waited for. */
  function start(...args: string[]) {
    return startIn({}, ...args, ...common());
  }
  function startIn(env: NodeJS.ProcessEnv, ...args: string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    running.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (part: Buffer) => {
      stdout += part.toString();
    });
    child.stderr.on('data', (part: Buffer) => {
      stderr += part.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    return { child, ended, stdout: () => stdout, stderr: () => stderr };
  }

  test.each(['node --index 0', 'index', 'relay', 'api'])('%s needs what init makes', async (command) => {
    const { code, stderr } = await crossroot([...command.split(' '), ...common()]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/genesis\.json is missing\nMake it with: crossroot init/),
    ]);
  });

  /** Every file below a folder, with its bytes. */
  async function filesOf(path: string): Promise<Map<string, string>> {
    const files = new Map<string, string>();
    for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile() && !file.includes('/lock/')) files.set(file, (await readFile(file)).toString('hex'));
    }
    return files;
  }

  test('init makes genesis, keys and checkpoints, and again changes nothing', async () => {
    const first = await crossroot(['init', '--json', ...common()]);
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.json()).toMatchObject({
      ...{ delegates: 1, operators: 2 },
      chains: [{ name: 'bitcoin-regtest', made: true }],
    });
    const made = await filesOf(data());
    for (const part of ['delegates/0', 'operator', 'operator-1'])
      expect((await stat(join(data(), part, 'passphrase'))).mode & 0o077).toBe(0);
    const genesis = JSON.parse(await readFile(join(data(), 'genesis.json'), 'utf8'));
    expect(genesis.balances.map(({ balance }: { balance: string }) => balance)).toEqual([
      ...['1000000000000000', '1000000000000000'],
      '1000000000000',
    ]);
    // What it needs to know by then is there: no source is asked.
    await rm(join(folder, 'headers.bin'));
    const again = await crossroot(['init', '--json', ...common()]);
    await writeFile(join(folder, 'headers.bin'), regtestGenesis.raw);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(again.json()).toMatchObject({ chains: [{ made: false }] });
    expect(await filesOf(data())).toEqual(made);
    // Every process has the same chain.
    const [one, other] = [await readSetup(config, data()), await readSetup(config, data())];
    expect(one.chains).toEqual(other.chains);
    expect(one.nodes).toEqual([`http://127.0.0.1:${base + 1}`]);
  });

  test.each([
    ['main.name', { name: 'other' }, /was made with main\.name roles, which is other now/],
    ['main.slotMilliseconds', { slotMilliseconds: 300 }, /another main\.slotMilliseconds/],
    ['main.operators', { operators: 3 }, /was made with 2 operator accounts, main\.operators is 3/],
    ['main.nodes', { nodes: undefined, delegates: 3 }, /was made with 1 delegates, main\.delegates is 3/],
  ])('a folder of another %s is refused by init and by roles', async (name, other, message) => {
    const path = await configured(name, { main: { ...main(), ...other }, log: KAFKA, index: CLICKHOUSE });
    const before = await filesOf(data());
    const { code, stderr } = await crossroot(['init', '--config', path, '--data', data()]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    await expect(readSetup(path, data())).rejects.toThrow(message);
    expect(await filesOf(data())).toEqual(before);
  });

  test('a chain that was not there at init needs it again; another checkpoint is refused', async () => {
    const more = await configured('more', { main: main(), chains: [{ ...CHAIN, name: 'bitcoin-signet' }] });
    await expect(readSetup(more, data())).rejects.toThrow(/bitcoin-signet\.json is missing/);
    const copy = join(folder, 'copy');
    await cp(data(), copy, { recursive: true });
    const path = join(copy, 'checkpoints', 'bitcoin-regtest.json');
    const kept = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...kept, hash: '11'.repeat(32) }));
    await expect(readSetup(config, copy)).rejects.toThrow(/bitcoin-regtest/);
    await mkdir(join(folder, 'empty'), { recursive: true });
    await expect(readSetup(config, join(folder, 'empty'))).rejects.toThrow(/genesis\.json is missing/);
  });

  test('numbers beyond those that there are, as usage', async () => {
    const node = await crossroot(['node', '--index', '1', ...common()]);
    expect([node.code, node.stderr]).toEqual([
      2,
      expect.stringMatching(/there are 1 delegates, counted from 0/),
    ]);
    const relay = await crossroot(['relay', '--index', '2', ...common()]);
    expect([relay.code, relay.stderr]).toEqual([2, expect.stringMatching(/there are 2 operator accounts/)]);
    const port = await crossroot(['api', '--port', '65536', ...common()]);
    expect(port.code).toBe(2);
    expect((await crossroot(['node', ...common()])).code).toBe(2);
  });

  test('up leaves settings of roles to them', async () => {
    const { code, stderr } = await crossroot(['up', '--config', config, '--data', join(folder, 'up')]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/main\.nodes is for roles in processes of their own/),
    ]);
  });

  test('a delegate runs alone, says where, and ends with 0 at SIGTERM and at SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const node = start('node', '--index', '0');
      const url = `http://127.0.0.1:${base + 1}`;
      await expect.poll(node.stdout, { timeout: 60_000 }).toBe(`node 0: running at ${url}\n`);
      const health = await fetch(`${url}/healthz`);
      expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
      const height = async () =>
        Number(
          /crossroot_node_finalized_height (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1],
        );
      await expect.poll(height, { timeout: 30_000 }).toBeGreaterThan(1);
      node.child.kill(signal);
      expect(await node.ended, node.stderr()).toBe(0);
      // Nothing but JSON lines.
      const lines = node
        .stderr()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toContainEqual(expect.objectContaining({ msg: 'stopping', signal }));
    }
  }, 120_000);

  test('a port that is taken, in one line and with 1', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(base + 1, '127.0.0.1', resolve));
    const { code, stdout, stderr } = await crossroot([
      'node',
      '--index',
      '0',
      '--log-file',
      join(folder, 'n.log'),
      ...common(),
    ]);
    await new Promise((resolve) => server.close(resolve));
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/^error: .*127\.0\.0\.1:\d+.*\n/)]);
  });

  test.each(['relay', 'index', 'api'])(
    '%s starts while brokers and index are away, and stops at once',
    async (role) => {
      const port = base + 2;
      const process = start(role, '--port', String(port));
      await expect
        .poll(process.stdout, { timeout: 60_000 })
        .toMatch(new RegExp(`running at http://127\\.0\\.0\\.1:${port}\n`));
      const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
      expect([await status('/healthz'), await status('/metrics')]).toEqual([200, 200]);
      process.child.kill('SIGTERM');
      expect(await process.ended, process.stderr()).toBe(0);
    },
    90_000,
  );

  test('with a passphrase of one’s own nothing in the folder opens the keys, and nobody is told it', async () => {
    const secret = 'correct-horse-battery-staple';
    const file = join(folder, 'own-passphrase');
    await writeFile(file, `${secret}\n`, { mode: 0o600 });
    const own = join(folder, 'own');
    const settings = { main: main(), log: KAFKA, index: CLICKHOUSE, logLevel: 'debug' };
    const words = ['--config', await configured('own', settings), '--data', own];
    const made = await crossroot(['init', '--passphrase-file', file, ...words]);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const kept = await filesOf(own);
    expect([...kept.keys()].filter((path) => path.endsWith('passphrase'))).toEqual([]);
    for (const bytes of kept.values()) expect(bytes).not.toContain(Buffer.from(secret).toString('hex'));

    const said: string[] = [made.stdout];
    for (const role of [
      ['node', '--index', '0'],
      ['relay', '--index', '1'],
    ]) {
      const without = await crossroot([...role, ...words]);
      expect([without.code, without.stderr]).toEqual([
        1,
        expect.stringMatching(/passphrase file is missing\nGive --passphrase-file/),
      ]);
      const wrong = await crossroot([...role, ...words], { env: { CROSSROOT_PASSPHRASE: 'another-one' } });
      expect([wrong.code, wrong.stderr]).toEqual([
        1,
        expect.stringMatching(/account\.json: cannot be decrypted/),
      ]);
      expect(wrong.stderr).not.toContain('another-one');
      const more = role[0] === 'relay' ? ['--port', String(base + 2)] : [];
      for (const [env, ...flags] of [
        [{ CROSSROOT_PASSPHRASE: secret }],
        [{ CROSSROOT_PASSPHRASE_FILE: file }],
        [{}, '--passphrase-file', file],
      ] as [NodeJS.ProcessEnv, ...string[]][]) {
        const process = startIn(env, ...role, ...more, ...words, ...flags);
        await expect.poll(process.stdout, { timeout: 60_000 }).toMatch(/running at/);
        process.child.kill('SIGTERM');
        expect(await process.ended, process.stderr()).toBe(0);
        said.push(process.stdout(), process.stderr());
      }
    }
    for (const text of said) expect(text).not.toContain(secret);
    expect([...(await filesOf(own)).keys()].filter((path) => path.endsWith('passphrase'))).toEqual([]);
  }, 300_000);

  test('what a killed init left is made anew, in folders that may be mounts', async () => {
    const half = join(folder, 'half');
    const key = join(half, 'delegates', '0', 'keys', 'account.json');
    await mkdir(join(key, '..'), { recursive: true });
    await writeFile(key, 'half of a key');
    const { ino } = await stat(join(half, 'delegates', '0'));
    const { code, stderr } = await crossroot(['init', '--config', config, '--data', half]);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(await readFile(key, 'utf8'))).toMatchObject({ version: 1 });
    expect((await stat(join(half, 'delegates', '0'))).ino).toBe(ino);
  });
});
