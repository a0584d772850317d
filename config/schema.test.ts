import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consensusNetwork } from '../adapters/ethereum/consensus/networks.js';
import { trustedBlockRoot } from '../adapters/ethereum/trustedBlock.js';
import { toHex } from '../proofs/bytes.js';
import { readCheckpointFile } from './checkpoint.js';
import { ConfigError } from './errors.js';
import { loadConfig } from './load.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossroot-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(content: unknown) {
  const path = join(folder, 'crossroot.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return loadConfig(path);
}

const chain = { name: 'bitcoin-regtest', policy: 'confirmations(2)', devnet: {} };
const core = { type: 'bitcoin-core', url: 'http://127.0.0.1:8332' };

describe('an error names the file and the place', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'neither sources nor devnet',
      { chains: [{ name: chain.name, policy: chain.policy }] },
      /chains\[0\]\.sources: give either sources or devnet/,
    ],
    ['both of them', { chains: [{ ...chain, sources: [core] }] }, /chains\[0\]\.sources: give either/],
    ['an unknown chain', { chains: [{ ...chain, name: 'dogecoin' }] }, /chains\[0\]\.\w+: /],
    [
      'a policy that is none',
      { chains: [chain, { ...chain, policy: 'confirmation(2)' }] },
      /chains\[1\]\.policy: /,
    ],
    [
      'a policy that the chain cannot have',
      { chains: [{ ...chain, policy: 'finalized' }] },
      /chains\[0\]\.policy: .*no finalised/,
    ],
    [
      'a policy that a chain with a local beacon chain cannot have',
      { chains: [{ name: 'ethereum-local', policy: 'confirmations(2)', devnet: {} }] },
      /chains\[0\]\.policy: .*committee.* \(without one: devnet\.consensus false\)/,
    ],
    [
      'a beacon chain for Bitcoin',
      { chains: [{ ...chain, devnet: { consensus: true } }] },
      /chains\[0\]\.devnet: consensus is not for bitcoin-regtest/,
    ],
    [
      'a local node for a real chain',
      { chains: [{ ...chain, name: 'bitcoin-mainnet' }] },
      /chains\[0\]\.devnet: only/,
    ],
    [
      'a source of another kind',
      {
        chains: [
          {
            name: 'bitcoin-mainnet',
            policy: 'confirmations(6)',
            sources: [{ type: 'ethereum-rpc', url: 'http://a' }],
          },
        ],
      },
      /chains\[0\]\.sources: ethereum-rpc cannot read/,
    ],
    [
      'a source without http',
      {
        chains: [
          { name: 'bitcoin-mainnet', policy: 'confirmations(6)', sources: [{ ...core, url: 'ftp://a' }] },
        ],
      },
      /chains\[0\]\.sources\[0\]\.url: is not an http/,
    ],
    ...['[::1', 'host:0', 'http://host', 'a b'].map((address): [string, unknown, RegExp] => [
      `the peer ${address}`,
      {
        chains: [
          {
            name: 'bitcoin-mainnet',
            policy: 'confirmations(6)',
            sources: [{ type: 'bitcoin-p2p', address }],
          },
        ],
      },
      /chains\[0\]\.sources\[0\]\.address: is not host, host:port or \[IPv6\]:port/,
    ]),
    [
      'a peer of another kind of chain',
      {
        chains: [
          {
            name: 'ethereum-mainnet',
            policy: 'finalized',
            sources: [{ type: 'bitcoin-p2p', address: 'host' }],
          },
        ],
      },
      /chains\[0\]\.sources: bitcoin-p2p cannot read ethereum-mainnet/,
    ],
    ['a chain listed twice', { chains: [chain, chain] }, /chains: bitcoin-regtest is listed twice/],
    ['a port out of range', { api: { port: 70_000 } }, /api\.port: /],
    [
      'an incomplete checkpoint',
      { chains: [{ ...chain, checkpoint: { height: 5 } }] },
      /chains\[0\]\.checkpoint\.hash: /,
    ],
    [
      'a checkpoint with a mistake in it',
      { chains: [{ ...chain, checkpoint: { height: -5, hash: 'ab'.repeat(32) } }] },
      /chains\[0\]\.checkpoint\.height: /,
    ],
    [
      'a checkpoint from which the chain cannot be followed',
      {
        chains: [
          {
            name: 'bitcoin-mainnet',
            policy: 'confirmations(2)',
            checkpoint: { height: 831_327, hash: 'ab'.repeat(32), work: '1' },
            sources: [core],
          },
        ],
      },
      /chains\[0\]\.checkpoint: periodStartTime: is needed for bitcoin-mainnet/,
    ],
    ['an unknown key', { ports: {} }, /"ports"/],
    ['an unknown key below', { main: { delegate: 4 } }, /main: .*"delegate"/],
    ['a list', [], /crossroot\.json: /],
    ['no JSON', '{"chains": ', /crossroot\.json: is not JSON/],
  ])('%s', async (_, content, message) => {
    await expect(load(content)).rejects.toThrow(ConfigError);
    await expect(load(content)).rejects.toThrow(message);
    await expect(load(content)).rejects.toThrow(join(folder, 'crossroot.json'));
  });

  test('a file that is not there', async () => {
    await expect(loadConfig(join(folder, 'none.json'))).rejects.toThrow(/none\.json: cannot be read/);
  });
});

test.each(['node.example.org', '10.0.0.7:8333', '[2001:db8::7]:8333', 'seeds'])(
  'a peer may be %s',
  async (address) => {
    const sources = [{ type: 'bitcoin-p2p', address }];
    const { chains } = await load({
      chains: [{ name: 'bitcoin-mainnet', policy: 'confirmations(6)', sources }],
    });
    expect(chains[0]?.sources).toEqual(sources);
  },
);

test('a chain may be read by REST, Esplora and a file of headers', async () => {
  const sources = [
    { type: 'bitcoin-rest', url: 'http://127.0.0.1:8332' },
    { type: 'esplora', url: 'https://example.org/testnet/api', requestsPerSecond: 2 },
    { type: 'bitcoin-headers-file', path: 'data/headers.bin' },
  ];
  const { chains } = await load({
    chains: [{ name: 'bitcoin-mainnet', policy: 'confirmations(6)', sources }],
  });
  expect(chains[0]?.sources).toEqual([
    ...sources.slice(0, 2),
    { type: 'bitcoin-headers-file', path: join(folder, 'data/headers.bin') },
  ]);
});

test('sources have names of their own, which tell nothing of where they are', async () => {
  const sources = (...names: unknown[]) =>
    load({
      chains: [
        {
          ...chain,
          devnet: undefined,
          sources: names.map((name) => ({ ...core, ...(name ? { name } : {}) })),
        },
      ],
    });
  await sources('ours', 'the one in Zürich', undefined, undefined);
  await expect(sources('ours', 'ours')).rejects.toThrow(/chains\[0\]\.sources: two are called ours/);
  await expect(sources('bitcoin-core 2', undefined)).rejects.toThrow(/two are called bitcoin-core 2/);
  for (const name of ['http://a', 'a:1', ' a', '/a', 'a'.repeat(65)])
    await expect(sources(name)).rejects.toThrow(/chains\[0\]\.sources\[0\]\.name: is not a name/);
});

test('a password is not repeated in an error', async () => {
  const source = { ...core, user: 'me', password: 'correct horse', extra: 1 };
  const chains = [{ name: 'bitcoin-mainnet', policy: 'confirmations(6)', sources: [source] }];
  const error = await load({ chains }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(JSON.stringify(error)).not.toContain('correct horse');
  expect(String(error)).not.toContain('correct horse');
});

test('paths are relative to the file', async () => {
  const point = {
    height: 1,
    hash: 'ab'.repeat(32),
    work: '1',
    periodStartTime: 1,
    periodStartBits: '1d00ffff',
  };
  await writeFile(join(folder, 'point.json'), JSON.stringify(point));
  const sources = [{ ...core, cookieFile: 'node/.cookie' }];
  const chains = [{ name: 'bitcoin-mainnet', policy: 'age(60)', checkpoint: 'point.json', sources }];
  const config = await load({ chains });
  expect(config.chains[0]?.checkpoint).toBe(join(folder, 'point.json'));
  expect(config.chains[0]?.sources?.[0]).toMatchObject({ cookieFile: join(folder, 'node', '.cookie') });
});

describe('a checkpoint file', () => {
  const good = { height: 5, hash: 'ab'.repeat(32), work: '0x10', periodStartBits: '1d00ffff' };
  const read = async (content: unknown) => {
    const path = join(folder, 'point.json');
    await writeFile(path, JSON.stringify(content));
    return readCheckpointFile('bitcoin-mainnet', path);
  };
  test('is read', async () => {
    const { checkpoint, header } = await read({ ...good, header: '00ff' });
    expect(checkpoint).toMatchObject({
      height: 5,
      work: 16n,
      periodStartBits: 0x1d00ffff,
      periodStartTime: 0,
    });
    expect(header).toEqual(Uint8Array.of(0, 255));
  });
  test.each<[string, unknown, RegExp]>([
    ['no hash', { height: 5 }, /point\.json: hash: /],
    ['a hash that is too short', { ...good, hash: 'ab' }, /point\.json: .*64 hex digits/],
    ['a hash with 0x', { ...good, hash: `0x${'ab'.repeat(32)}` }, /point\.json: /],
    ['work that is no integer', { ...good, work: '1e9' }, /work: /],
    ['a header that is no hex', { ...good, header: 'xyz' }, /point\.json: header/],
    ['an unknown key', { ...good, depth: 1 }, /"depth"/],
  ])('%s is refused', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(ConfigError);
    await expect(read(content)).rejects.toThrow(message);
  });
});

describe('a custom signet', () => {
  const signet = { ...chain, name: 'bitcoin-signet-config', devnet: undefined, sources: [core] };
  test('is known by its challenge', async () => {
    const { chains } = await load({ chains: [{ ...signet, signetChallenge: '51' }] });
    expect(chains[0]?.signetChallenge).toBe('51');
  });
  test.each([
    ['without a challenge', { name: 'bitcoin-signet-none' }, /name: unknown chain/],
    ['with another challenge', { signetChallenge: '52' }, /signetChallenge: .*known already/],
    ['with no hex', { signetChallenge: 'x' }, /signetChallenge: .*hex/],
    ['of another name', { name: 'bitcoin-mainnet', signetChallenge: '51' }, /signetChallenge: /],
  ])('%s is refused', async (_, over, problem) => {
    await expect(load({ chains: [{ ...signet, ...over }] })).rejects.toThrow(problem);
  });
});

describe('a network of the user’s own', () => {
  const network = {
    name: 'config-rollup',
    chainId: 777001,
    genesisHash: `0x${'5a'.repeat(32)}`,
    forks: [
      { fields: 16, height: 0 },
      { fields: 17, time: 1000 },
    ],
  };
  const rpc = { type: 'ethereum-rpc', url: 'wss://a/key', requestsPerSecond: 20 };
  const rollup = { name: 'config-rollup', policy: 'safe', sources: [rpc] };

  test('is known by a file beside the configuration, or by itself', async () => {
    await writeFile(join(folder, 'rollup.json'), JSON.stringify(network));
    const byFile = await load({ chains: [{ ...rollup, network: './rollup.json' }] });
    const inline = await load({ chains: [{ ...rollup, network }] });
    expect(byFile).toEqual(inline);
    expect(inline.chains[0]?.network).toMatchObject({
      name: 'config-rollup',
      checksTime: true,
      rules: 'evm',
    });
    expect(inline.chains[0]?.sources).toEqual([rpc]);
  });

  test('may have a beacon chain', async () => {
    const consensus = {
      preset: 'minimal',
      genesisTime: 0,
      genesisValidatorsRoot: `0x${'5b'.repeat(32)}`,
      slotMilliseconds: 1000,
      forks: [{ fork: 'deneb', epoch: 0, version: '0x50000001' }],
    };
    const own = { ...network, name: 'config-devnet', chainId: 777002, genesisHash: `0x${'5c'.repeat(32)}` };
    await load({ chains: [{ ...rollup, name: 'config-devnet', network: { ...own, consensus } }] });
    expect(consensusNetwork('config-devnet')).toMatchObject({ preset: 'minimal', syncCommitteeSize: 32 });
    expect(consensusNetwork('config-rollup')).toBeUndefined();
    const { genesisValidatorsRoot } = consensusNetwork('ethereum-mainnet')!;
    const twin = { ...consensus, genesisValidatorsRoot: toHex(genesisValidatorsRoot) };
    const other = { ...own, name: 'config-twin', chainId: 777003, genesisHash: `0x${'5d'.repeat(32)}` };
    await expect(
      load({ chains: [{ ...rollup, name: 'config-twin', network: { ...other, consensus: twin } }] }),
    ).rejects.toThrow(/network: .*genesis validators root of ethereum-mainnet/);
  });

  test.each<[string, object, RegExp]>([
    ['without its network', { name: 'config-none' }, /name: unknown chain/],
    ['with a file that is not there', { network: './none.json' }, /none\.json: cannot be read/],
    ['with another network’s', { name: 'bitcoin-mainnet', network }, /network: is of config-rollup, not of/],
    ['with other rules', { network: { ...network, chainId: 777009 } }, /network: .*known already/],
    [
      'with a built-in chain id',
      { name: 'x-y-z', network: { ...network, name: 'x-y-z', chainId: 1 } },
      /network: .*of ethereum-mainnet/,
    ],
    [
      'under a built-in name',
      { name: 'ethereum-mainnet', network: { ...network, name: 'ethereum-mainnet' } },
      /network: .*is built in/,
    ],
    ['with an unknown key', { network: { ...network, gas: 1 } }, /network: .*"gas"/],
    [
      'with half a hash',
      { network: { ...network, genesisHash: '0x12' } },
      /network\.genesisHash: is not 32 bytes/,
    ],
    [
      'with forks out of order',
      { network: { ...network, forks: [...network.forks].reverse() } },
      /network: .*height 0/,
    ],
  ])('%s is refused', async (_, over, problem) => {
    await writeFile(join(folder, 'rollup.json'), JSON.stringify(network));
    await load({ chains: [{ ...rollup, network: './rollup.json' }] });
    await expect(load({ chains: [{ ...rollup, ...over }] })).rejects.toThrow(problem);
  });

  test('in a file names the file in errors', async () => {
    await writeFile(join(folder, 'bad.json'), JSON.stringify({ ...network, forks: [{ fields: 16 }] }));
    await expect(load({ chains: [{ ...rollup, network: './bad.json' }] })).rejects.toThrow(
      /bad\.json: forks\[0\]/,
    );
  });
});

describe('a chain that is followed by its sync committees', () => {
  const root = `0x${'5a'.repeat(32)}`;
  const rpc = { type: 'ethereum-rpc', url: 'http://127.0.0.1:8545' };
  const api = { type: 'beacon-api', url: 'http://127.0.0.1:5052' };
  const file = { type: 'beacon-file', path: 'periods.json' };
  const urls = ['https://a.example', 'https://b.example', 'https://c.example'];
  const mainnet = { name: 'ethereum-mainnet', policy: 'finalized', sources: [rpc, api] };
  const one = (more: object) => load({ chains: [{ ...mainnet, ...more }] });

  test('begins at a trusted beacon block, or at one on which providers agree', async () => {
    const { chains } = await one({ checkpoint: { trustedBlockRoot: root }, sources: [rpc, api, file] });
    expect(chains[0]?.checkpoint).toEqual({ trustedBlockRoot: root });
    expect(chains[0]?.sources?.[2]).toEqual({ type: 'beacon-file', path: join(folder, 'periods.json') });
    await one({ checkpointProviders: urls, checkpointQuorum: 2 });
    await one({ checkpointProviders: urls });
  });

  test('has its trusted block in a checkpoint file too, in the place of work', async () => {
    const path = join(folder, 'trusted.json');
    const place = { height: 17_883_333, hash: `0x${'11'.repeat(32)}` };
    await writeFile(path, JSON.stringify({ ...place, trustedBlockRoot: root }));
    const { checkpoint } = await readCheckpointFile('ethereum-mainnet', path);
    expect(toHex(trustedBlockRoot(checkpoint) ?? new Uint8Array())).toBe(root);
    expect(checkpoint.height).toBe(place.height);
    await one({ checkpoint: path });
    await writeFile(path, JSON.stringify({ ...place, trustedBlockRoot: root, work: '5' }));
    await expect(one({ checkpoint: path })).rejects.toThrow(/has no work/);
    await writeFile(path, JSON.stringify({ ...place, work: '5' }));
    await expect(one({ checkpoint: path })).rejects.toThrow(/work: ethereum-mainnet has none/);
  });

  test.each<[string, object, RegExp]>([
    ['no trusted block', {}, /checkpoint: beacon sources need checkpoint.trustedBlockRoot or checkpointProv/],
    ['a root that is none', { checkpoint: { trustedBlockRoot: '0x12' } }, /chains\[0\]\.checkpoint/],
    [
      'a root of zero',
      { checkpoint: { trustedBlockRoot: `0x${'00'.repeat(32)}` } },
      /chains\[0\]\.checkpoint/,
    ],
    [
      'no beacon source',
      { checkpoint: { trustedBlockRoot: root }, sources: [rpc] },
      /sources: a trusted beacon block needs a beacon-api or beacon-file source/,
    ],
    [
      'no source of blocks',
      { checkpoint: { trustedBlockRoot: root }, sources: [api] },
      /sources: an ethereum-rpc source is needed too/,
    ],
    [
      'both a trusted block and providers',
      { checkpoint: { trustedBlockRoot: root }, checkpointProviders: urls },
      /checkpointProviders: give either/,
    ],
    ['one provider alone', { checkpointProviders: [urls[0]] }, /chains\[0\]\.checkpointProviders/],
    [
      'a quorum of no majority',
      { checkpointProviders: [...urls, 'https://d.example'], checkpointQuorum: 2 },
      /checkpointQuorum: is not more than half/,
    ],
    ['a quorum without providers', { checkpointQuorum: 2 }, /checkpointQuorum: /],
    ['safe', { checkpoint: { trustedBlockRoot: root }, policy: 'safe' }, /policy: .*attested/],
    [
      'a chain whose beacon chain is not known',
      {
        name: 'bitcoin-regtest',
        policy: 'confirmations(2)',
        checkpoint: { trustedBlockRoot: root },
        sources: [api, core],
      },
      /sources: beacon-api cannot read bitcoin-regtest/,
    ],
  ])('%s is refused', async (_, more, message) => {
    await expect(one(more)).rejects.toThrow(message);
  });
});

describe('the log', () => {
  const kafka = { type: 'kafka', brokers: ['kafka-1:9092', '[::1]:9092'] };

  test('is embedded unless a Kafka is named, whose certificates lie relative to the file', async () => {
    expect((await load({})).log).toEqual({ type: 'embedded' });
    const ssl = { caFile: 'ca.pem', servername: 'kafka' };
    const sasl = { mechanism: 'scram-sha-512', username: 'relay', password: 'secret' };
    const { log } = await load({ log: { ...kafka, ssl, sasl, driver: 'kafkajs', replication: 3 } });
    expect(log).toMatchObject({ driver: 'kafkajs', replication: 3, topicPrefix: 'crossroot', sasl });
    expect(log).toMatchObject({ ssl: { caFile: join(folder, 'ca.pem'), servername: 'kafka' } });
    expect((await load({ log: kafka })).log).toMatchObject({ driver: 'platformatic', replication: 1 });
  });

  test('is configured as docs/kafka.md shows', async () => {
    const page = await readFile(new URL('../docs/kafka.md', import.meta.url), 'utf8');
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect((await load(example)).log).toMatchObject({ type: 'kafka', replication: 3 });
  });

  test.each([
    [{ ...kafka, brokers: [] }, /log\.brokers/],
    [{ ...kafka, brokers: ['kafka'] }, /is not host:port/],
    [{ ...kafka, driver: 'other' }, /log\.driver/],
    [{ ...kafka, topicPrefix: 'a.b' }, /log\.topicPrefix/],
    [{ ...kafka, sasl: { mechanism: 'gssapi', username: 'a', password: 'b' } }, /log\.sasl\.mechanism/],
    [{ type: 'file' }, /log/],
  ])('%j is refused', async (log, message) => {
    await expect(load({ log })).rejects.toThrow(message);
  });
});
