import { keccak_256 } from '@noble/hashes/sha3.js';
import { describe, expect, test } from 'vitest';
import { SourceFaultError, SourceUnavailableError } from '../../adapters/errors.js';
import type { AccountNodes, Source } from '../../adapters/source.js';
import { FakeChain, FakeSource } from '../../test/support/indexers/fakeSource.js';
import { BlockCache } from './blockCache.js';

const CHAIN = 'fake-attested';
const code = Uint8Array.of(0x60, 0x00);
const address = new Uint8Array(20).fill(1);
const world = new FakeChain();

function stateful(name: string, changes: Partial<Source>): Source {
  const proof = async (of: Uint8Array): Promise<AccountNodes> => ({
    header: world.tip,
    address: of,
    accountNodes: [],
    slots: [],
  });
  return Object.assign(new FakeSource(name, world, CHAIN), { proof, code: async () => code, ...changes });
}

describe('state from whichever source has it', () => {
  const failed: [string, unknown][] = [];
  const cache = (...sources: Source[]) =>
    new BlockCache({
      sources: new Map([[CHAIN, sources]]),
      timeoutMs: 50,
      onFailure: (chain, source, error) => failed.push([`${chain}/${source.name}`, error]),
    });

  test('one that keeps none, one that is down and one that lies are passed over, and told of', async () => {
    failed.length = 0;
    const lie = new SourceFaultError('liar', 'nodes of another block');
    const sources = [
      new FakeSource('headers only', world, CHAIN),
      stateful('down', { proof: async () => Promise.reject(new SourceUnavailableError('down', 'is down')) }),
      stateful('liar', { proof: async () => Promise.reject(lie) }),
      stateful('good', {}),
    ];
    const found = await cache(...sources).proof(CHAIN, address, [], world.tip.hash);
    expect(found.address).toEqual(address);
    expect(failed.map(([who]) => who)).toEqual([`${CHAIN}/headers only`, `${CHAIN}/down`, `${CHAIN}/liar`]);
    expect(failed[2]?.[1]).toBe(lie);
  });

  test('code of another hash is a fault of its source', async () => {
    failed.length = 0;
    const liar = stateful('liar', { code: async () => Uint8Array.of(1) });
    const hash = keccak_256(code);
    const good = stateful('good', {});
    expect(await cache(liar, good).code(CHAIN, address, world.tip.hash, hash)).toEqual(code);
    expect(failed).toMatchObject([[`${CHAIN}/liar`, { name: 'SourceFaultError' }]]);
    await expect(cache(liar).code(CHAIN, address, world.tip.hash, hash)).rejects.toThrow(SourceFaultError);
    const none = new FakeSource('headers only', world, CHAIN);
    await expect(cache(none).code(CHAIN, address, world.tip.hash, hash)).rejects.toThrow(/tells no state/);
  });
});
