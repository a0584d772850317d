import { randomBytes } from 'node:crypto';
import { bytesEqual, toBareHex } from '../../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../../proofs/errors/input.js';
import { sha256d } from '../../../../proofs/hash/hasher.js';
import { SourceFaultError } from '../../../errors.js';
import type { SourceTip } from '../../../source.js';
import { BloomFilter } from '../../p2p/bloom.js';
import type { Peer } from '../../p2p/handshake.js';
import { InventoryType } from '../../p2p/inventory.js';
import { MORE } from '../../p2p/waiters.js';
import { type MerkleBlock, readPartialTree } from '../../proofs/partialMerkleTree.js';
import { displayHash } from '../../rules/checks.js';
import type { HeaderChain } from './headerChain.js';

/** Blocks asked for at once. */
const BATCH = 16;
/** Chance that a transaction matches that is not the one. */
const FALSE_POSITIVES = 1e-6;

/**
 * Looks for a transaction in the newest blocks by a Bloom filter (BIP37), newest first: the peer sends, for each block, a part of
 * its Merkle tree with what matches. Each is checked against the block's own header.
 * @param txid internal byte order
 * @param depth how many blocks are looked at
 * @returns `undefined` if none of them has it
 * @throws SourceFaultError, SourceUnavailableError
 */
export async function searchBlocks(
  peer: Peer,
  chain: HeaderChain,
  txid: Uint8Array,
  depth: number,
  timeoutMs: number,
): Promise<SourceTip | undefined> {
  const { connection } = peer;
  const filter = BloomFilter.sized(1, FALSE_POSITIVES, randomBytes(4).readUInt32LE());
  filter.insert(txid);
  connection.send(filter.message());
  try {
    const lowest = Math.max(chain.baseHeight, chain.tipHeight - depth + 1);
    for (let top = chain.tipHeight; top >= lowest; top -= BATCH) {
      const wanted = new Map<string, SourceTip>();
      for (let height = top; height > top - BATCH && height >= lowest; height--) {
        const hash = chain.hash(height);
        if (hash !== undefined) wanted.set(toBareHex(hash), { height, hash });
      }
      const found = await askFor(peer, wanted, txid, timeoutMs);
      if (found !== undefined) return found;
    }
    return undefined;
  } finally {
    // A peer without a filter would tell us of every transaction.
    if (connection.open) connection.send(BloomFilter.nothing().message());
  }
}

async function askFor(
  { connection }: Peer,
  wanted: ReadonlyMap<string, SourceTip>,
  txid: Uint8Array,
  timeoutMs: number,
): Promise<SourceTip | undefined> {
  const left = new Map(wanted);
  let found: SourceTip | undefined;
  const entries = [...wanted.values()].map(({ hash }) => ({ type: InventoryType.filteredBlock, hash }));
  await connection.ask(
    'merkleblock',
    { command: 'getdata', entries },
    ['merkleblock', 'notfound'],
    timeoutMs,
    (message) => {
      if (message.command === 'notfound') {
        // A pruned node has only the newest blocks. What it says of others is not an answer, and counts as unasked.
        const lacking = message.entries.filter(({ hash }) => left.delete(toBareHex(hash)));
        if (lacking.length === 0) return undefined;
        return left.size === 0 ? true : MORE;
      }
      if (message.command !== 'merkleblock') return undefined;
      const key = toBareHex(sha256d(message.block.header));
      const block = left.get(key);
      if (block === undefined)
        throw new SourceFaultError(connection.name, 'sends a merkleblock that nobody asked for');
      left.delete(key);
      if (transactionsOf(connection.name, message.block, block).some((one) => bytesEqual(one, txid)))
        found ??= block;
      return left.size === 0 ? true : MORE;
    },
  );
  return found;
}

function transactionsOf(name: string, merkleBlock: MerkleBlock, block: SourceTip): Uint8Array[] {
  try {
    return readPartialTree(merkleBlock).matches.map(({ txid }) => txid);
  } catch (error) {
    if (!(error instanceof MalformedInputError || error instanceof LimitExceededError)) throw error;
    throw new SourceFaultError(
      name,
      `sends a bad merkleblock for ${displayHash(block.hash)}: ${error.message}`,
      {
        height: block.height,
      },
    );
  }
}
