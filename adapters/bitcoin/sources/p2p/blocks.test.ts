import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesEqual, concatBytes } from '../../../../proofs/bytes.js';
import { useFastHasher } from '../../../../proofs/hash/fast.js';
import { sha256d } from '../../../../proofs/hash/hasher.js';
import { type HostilePeer, startHostilePeer, type Victim } from '../../../../test/support/hostilePeer.js';
import { fails, genesis, honest, openPeer } from '../../../../test/support/p2p.js';
import { SourceFaultError, SourceUnavailableError } from '../../../errors.js';
import type { ForeignHeader } from '../../../types.js';
import { BloomFilter } from '../../p2p/bloom.js';
import { type InventoryMessage, InventoryType } from '../../p2p/inventory.js';
import { Services } from '../../p2p/version.js';
import { BlockProver } from '../../proofs/build.js';
import { merkleRows } from '../../proofs/merkle.js';
import { type MerkleBlock, partialTree } from '../../proofs/partialMerkleTree.js';
import { foreignHeader } from '../../rules/header.js';
import { mineAfter, rawBlock, sampleTransactions } from '../../testing/samples.js';
import type { P2pSource } from '../p2p.js';

const BLOOM = Services.network | Services.witness | Services.bloom;
const blocks: Uint8Array[] = [];
const headers: ForeignHeader[] = [];
let peer: HostilePeer;
let source: P2pSource;

beforeAll(() => {
  useFastHasher();
  for (let i = 0; i < 6; i++) {
    const raw = rawBlock(headers.at(-1) ?? genesis, sampleTransactions(2 + i));
    blocks.push(raw);
    headers.push(foreignHeader(raw.subarray(0, 80), i + 1));
  }
});
beforeEach(async () => {
  peer = await startHostilePeer();
  source = openPeer(peer.address);
});
afterEach(async () => {
  await source.close();
  await peer.close();
});

/** A node with these headers that answers `getdata` in its own way. */
function serving(answer: (message: InventoryMessage, victim: Victim) => void): void {
  const base = honest(headers);
  peer.behave({
    version: () => ({ startHeight: headers.length, services: BLOOM }),
    message: (message, victim) => {
      if (message.command !== 'getdata') return base.message?.(message, victim) ?? false;
      answer(message, victim);
      return true;
    },
  });
}

const at = (index: number) => headers[index]!;
const block = (index: number) => ({ command: 'block', raw: blocks[index]! }) as const;
const indexOf = (hash: Uint8Array) => headers.findIndex((header) => bytesEqual(header.hash, hash));

describe('a block', () => {
  it('is asked for with its witnesses, and several at once', async () => {
    const types = new Set<number>();
    serving(({ entries }, victim) => {
      for (const { type, hash } of entries) {
        types.add(type);
        victim.send(block(indexOf(hash)));
      }
    });
    const read = await Promise.all([3, 1, 3, 0].map((index) => source.block(at(index).hash)));
    expect(read.map(({ header }) => header.height)).toEqual([4, 2, 4, 1]);
    expect(read[0]!.rawBlock).toEqual(blocks[3]);
    expect(read[0]!.transactionHashes).toHaveLength(5);
    expect([...types]).toEqual([InventoryType.witnessBlock]);
  });

  it('that is another one is a fault', async () => {
    serving((_, victim) => victim.send(block(1)));
    expect(await fails(source.block(at(2).hash), SourceFaultError)).toMatch(/sends another block than/);
  });

  it.each<[string, (raw: Uint8Array) => Uint8Array]>([
    [
      'whose transactions are changed',
      (raw) => raw.map((byte, i) => (i === raw.length - 9 ? byte ^ 1 : byte)),
    ],
    ['that is cut short', (raw) => raw.slice(0, -1)],
    ['with bytes too many', (raw) => concatBytes(raw, Uint8Array.of(0))],
    ['that is no more than its header', (raw) => raw.slice(0, 80)],
  ])('%s is a fault', async (_, spoil) => {
    serving((_message, victim) => victim.send({ command: 'block', raw: spoil(blocks[2]!) }));
    expect(await fails(source.block(at(2).hash), SourceFaultError)).toMatch(/sends a bad block/);
    serving((_message, victim) => victim.send(block(2)));
    expect((await source.block(at(2).hash)).header).toEqual(at(2));
  });

  it('that the node does not have is no fault, told or not', async () => {
    serving(({ entries }, victim) => victim.send({ command: 'notfound', entries }));
    expect(await fails(source.block(at(2).hash), SourceUnavailableError)).toMatch(/does not have block/);
    serving(() => undefined);
    expect(await fails(source.block(at(2).hash), SourceUnavailableError)).toMatch(/does not have block/);
    // The connection is as good as before.
    expect(peer.connections()).toBe(1);
    expect((await source.tip()).height).toBe(6);
  });
});

describe('a transaction is searched by a Bloom filter', () => {
  const txidOf = (index: number, place: number) => new BlockProver(blocks[index]!).txids[place]!;
  let filter: BloomFilter | undefined;
  /** What a node with Bloom filters answers, or a spoilt form of it. */
  const filtered = (index: number): MerkleBlock => {
    const { txids, header } = new BlockProver(blocks[index]!);
    const places = [...txids.keys()].filter((place) => filter?.has(txids[place]!) === true);
    return { header, ...partialTree(merkleRows(txids), places) };
  };
  function serveFiltered(spoil: (block: MerkleBlock) => MerkleBlock = (one) => one): void {
    const base = honest(headers);
    peer.behave({
      version: () => ({ startHeight: headers.length, services: BLOOM }),
      message: (message, victim) => {
        if (message.command === 'filterload') filter = BloomFilter.from(message);
        if (message.command !== 'getdata') return base.message?.(message, victim) ?? false;
        for (const { hash, type } of message.entries) {
          expect(type).toBe(InventoryType.filteredBlock);
          if (indexOf(hash) === -1) victim.send({ command: 'notfound', entries: [{ type, hash }] });
          else victim.send({ command: 'merkleblock', block: spoil(filtered(indexOf(hash))) });
        }
        return true;
      },
    });
  }

  it('in the newest blocks, and the filter is emptied', async () => {
    serveFiltered();
    const narrow = openPeer(peer.address, { searchDepth: 3 });
    const txid = txidOf(5, 6);
    expect(await narrow.findTransaction(txid)).toEqual({ height: 6, hash: at(5).hash });
    expect(await narrow.findTransaction(sha256d(Uint8Array.of(1)))).toBeUndefined();
    await narrow.tip();
    await expect.poll(() => filter?.has(txid)).toBe(false);
    await narrow.close();
  });

  it('and not where the peer has none', async () => {
    peer.behave(honest(headers));
    expect(await source.findTransaction(txidOf(5, 6))).toBeUndefined();
  });

  it.each<[string, (block: MerkleBlock) => MerkleBlock, RegExp]>([
    [
      'with another hash',
      (one) => ({ ...one, hashes: one.hashes.map((hash) => sha256d(hash)) }),
      /a bad merkleblock .* does not lead to its header/,
    ],
    ['with a hash too few', (one) => ({ ...one, hashes: one.hashes.slice(1) }), /too few hashes/],
    [
      'with a hash too many',
      (one) => ({ ...one, hashes: [...one.hashes, at(0).hash] }),
      /cannot be read|too many/,
    ],
    ['of another number of transactions', (one) => ({ ...one, total: one.total + 40 }), /a bad merkleblock/],
    [
      'of a block that nobody asked for',
      (one) => ({ ...one, header: mineAfter(genesis, 9).raw }),
      /merkleblock that nobody asked for/,
    ],
  ])('a tree %s is a fault', async (_, spoil, words) => {
    serveFiltered(spoil);
    expect(await fails(source.findTransaction(txidOf(5, 6)), SourceFaultError)).toMatch(words);
  });
});
