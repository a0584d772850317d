import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatContext } from '../../adapters/registry.js';
import { addNetworkDefinition, NetworkSchema } from '../../config/network.js';
import { formatGenesisFile } from '../../mainchain/genesis/file.js';
import { encodeProof } from '../../proofs/format/file.js';
import { ethereumFixture } from '../fixtures/ethereumProof.js';
import { crossroot, ensureBuilt } from '../support/built.js';

const network = { name: 'cli-rollup', chainId: 990001, genesisHash: `0x${'7a'.repeat(32)}` };
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'crossroot-network-'));
  addNetworkDefinition(NetworkSchema.parse(network));
  const { genesis, proof } = ethereumFixture('log', { chain: network.name });
  await writeFile(at('proof.ssz'), encodeProof(proof, 'ssz', formatContext));
  await writeFile(at('genesis.json'), formatGenesisFile(genesis));
  await writeFile(at('network.json'), JSON.stringify(network));
});
afterAll(() => rm(folder, { recursive: true }));

const verify = (...more: string[]) =>
  crossroot(['verify', at('proof.ssz'), '--trust', at('genesis.json'), ...more]);

test('a proof about a network of the user’s own needs its file, exactly that one', async () => {
  const good = await verify('--network-file', at('network.json'));
  expect([good.code, good.stderr]).toEqual([0, '']);
  expect(good.stdout).toContain('cli-rollup');
  const without = await verify();
  expect([without.code, without.stdout]).toEqual([1, expect.stringContaining('unknown-chain')]);
  await writeFile(at('other.json'), JSON.stringify({ ...network, chainId: 990002 }));
  const other = await verify('--network-file', at('other.json'));
  expect([other.code, other.stdout]).toEqual([1, expect.stringContaining('refused')]);
});

test('a file that is not one, or that passes for a built-in network, is a mistake in the command', async () => {
  for (const [content, problem] of [
    ['{', 'is not JSON'],
    [JSON.stringify({ ...network, chainId: -1 }), 'chainId'],
    [JSON.stringify({ ...network, name: 'ethereum-mainnet' }), 'is built in'],
    [
      JSON.stringify({ ...network, name: 'other', chainId: 1 }),
      'chain id or the genesis of ethereum-mainnet',
    ],
  ] as const) {
    await writeFile(at('bad.json'), content);
    const { code, stderr } = await verify('--network-file', at('bad.json'));
    expect([code, stderr]).toEqual([2, expect.stringContaining(problem)]);
  }
  expect((await verify('--network-file', at('none.json'))).code).toBe(2);
});
