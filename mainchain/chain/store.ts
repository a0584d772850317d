import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { concatBytes, utf8 } from '../../proofs/bytes.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { Bytes32, Uint64 } from '../../proofs/containers/primitives.js';
import {
  type Receipt,
  ReceiptsType,
  type SignedBlock,
  SignedBlockType,
} from '../../proofs/containers/transaction.js';
import type { NodeReader } from '../../proofs/history/nodes.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { countKey } from '../contracts/keys.js';
import { BoundedMap } from './boundedMap.js';

/** A header with the peaks of the history over its ancestors. */
export const BlockRecordType = new ContainerType({
  header: MainHeaderType,
  peaks: new ListCompositeType(Bytes32, 64),
});
export type BlockRecord = ValueOf<typeof BlockRecordType>;

/** First byte of each key. */
const Table = {
  /** hash → preimage of a node or value; root → leaf or reorg entry; block hash → raw foreign header */
  object: 0x6f,
  /** block root → `BlockRecord` */
  record: 0x68,
  /** block root → `SignedBlock` */
  block: 0x62,
  /** block root → receipts */
  receipts: 0x63,
  /** block root → roots of its children, one after another */
  children: 0x6b,
  /** transaction root → block roots and positions, 40 bytes each */
  transaction: 0x74,
  /** height, 8 bytes → root on the best branch */
  height: 0x6e,
  meta: 0x6d,
} as const;

const HEAD = utf8('head');
const TIPS = utf8('tips');
const GENESIS = utf8('genesis');

const OBJECT_CACHE = 65_536;
const BLOCK_CACHE = 1_024;

function tableKey(table: number, key: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(table), key);
}

/** Where a transaction is, on whatever branch. */
export interface Place {
  readonly blockRoot: Uint8Array;
  readonly position: number;
}

/** The block tree in a key-value store: typed reads, and the writes of one atomic batch. */
export class ChainStore implements NodeReader {
  readonly #objects = new BoundedMap<Uint8Array>(OBJECT_CACHE);
  readonly #records = new BoundedMap<BlockRecord>(BLOCK_CACHE);

  constructor(readonly store: KeyValueStore) {}

  /** A node, value, leaf, reorg entry or raw foreign header by its hash. */
  get(hash: Uint8Array): Uint8Array | undefined {
    const known = this.#objects.get(hash);
    if (known !== undefined) return known;
    const bytes = this.#read(tableKey(Table.object, hash));
    if (bytes !== undefined) this.#objects.set(hash, bytes);
    return bytes;
  }

  record(root: Uint8Array): BlockRecord | undefined {
    const known = this.#records.get(root);
    if (known !== undefined) return known;
    const bytes = this.#read(tableKey(Table.record, root));
    if (bytes === undefined) return undefined;
    const record = BlockRecordType.deserialize(bytes);
    this.#records.set(root, record);
    return record;
  }

  block(root: Uint8Array): SignedBlock | undefined {
    const bytes = this.#read(tableKey(Table.block, root));
    return bytes === undefined ? undefined : SignedBlockType.deserialize(bytes);
  }

  receipts(root: Uint8Array): Receipt[] | undefined {
    const bytes = this.#read(tableKey(Table.receipts, root));
    return bytes === undefined ? undefined : ReceiptsType.deserialize(bytes);
  }

  children(root: Uint8Array): Uint8Array[] {
    return pieces(this.#read(tableKey(Table.children, root)), 32);
  }

  tips(): Uint8Array[] {
    return pieces(this.#read(tableKey(Table.meta, TIPS)), 32);
  }

  places(transactionRoot: Uint8Array): Place[] {
    return pieces(this.#read(tableKey(Table.transaction, transactionRoot)), 40).map((bytes) => ({
      blockRoot: bytes.subarray(0, 32),
      position: Number(Uint64.deserialize(bytes.subarray(32))),
    }));
  }

  rootAt(height: number): Uint8Array | undefined {
    return this.#read(tableKey(Table.height, countKey(height)));
  }

  head(): Uint8Array | undefined {
    return this.#read(tableKey(Table.meta, HEAD));
  }

  genesisRoot(): Uint8Array | undefined {
    return this.#read(tableKey(Table.meta, GENESIS));
  }

  genesisWrite(genesisRoot: Uint8Array): KeyValueWrite {
    return { type: 'put', key: tableKey(Table.meta, GENESIS), value: genesisRoot };
  }

  headWrite(root: Uint8Array): KeyValueWrite {
    return { type: 'put', key: tableKey(Table.meta, HEAD), value: root };
  }

  heightWrite(height: number, root: Uint8Array | undefined): KeyValueWrite {
    const key = tableKey(Table.height, countKey(height));
    return root === undefined ? { type: 'del', key } : { type: 'put', key, value: root };
  }

  /** As a plain array: a store may answer with a `Buffer`, whose `slice` does not copy. */
  #read(key: Uint8Array): Uint8Array | undefined {
    const bytes = this.store.get(key);
    return bytes === undefined ? undefined : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Writes all or nothing, durably unless `sync` is false. */
  async write(writes: readonly KeyValueWrite[], sync: boolean): Promise<void> {
    await this.store.batch(writes, { sync });
    for (const write of writes) {
      if (write.type === 'put' && write.key[0] === Table.object)
        this.#objects.set(write.key.subarray(1), write.value);
    }
  }

  /** Everything of one block, for one batch. */
  blockWrites(
    root: Uint8Array,
    record: BlockRecord,
    block: SignedBlock,
    receipts: readonly Receipt[],
    objects: Iterable<readonly [Uint8Array, Uint8Array]>,
  ): KeyValueWrite[] {
    const writes: KeyValueWrite[] = [];
    const put = (table: number, key: Uint8Array, value: Uint8Array): void => {
      writes.push({ type: 'put', key: tableKey(table, key), value });
    };
    for (const [hash, preimage] of objects) put(Table.object, hash, preimage);
    put(Table.record, root, BlockRecordType.serialize(record));
    put(Table.block, root, SignedBlockType.serialize(block));
    put(Table.receipts, root, ReceiptsType.serialize([...receipts]));
    const { parentRoot, height } = record.header;
    if (height > 0) put(Table.children, parentRoot, concatBytes(...this.children(parentRoot), root));
    const tips = this.tips().filter((tip) => !same(tip, parentRoot));
    put(Table.meta, TIPS, concatBytes(...tips, root));
    receipts.forEach((receipt, position) => {
      const place = concatBytes(root, Uint64.serialize(BigInt(position)));
      const others = this.places(receipt.transactionRoot).map((p) =>
        concatBytes(p.blockRoot, Uint64.serialize(BigInt(p.position))),
      );
      put(Table.transaction, receipt.transactionRoot, concatBytes(...others, place));
    });
    return writes;
  }
}

function pieces(bytes: Uint8Array | undefined, length: number): Uint8Array[] {
  if (bytes === undefined) return [];
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += length) out.push(bytes.subarray(at, at + length));
  return out;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
