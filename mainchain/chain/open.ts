import { bytesEqual } from '../../proofs/bytes.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { genesisBlock } from '../genesis/block.js';
import { ChainStoreError } from './errors.js';
import { ChainStore } from './store.js';
import type { BlockEntry } from './types.js';

export interface OpenedStore {
  readonly store: ChainStore;
  readonly genesisRoot: Uint8Array;
  /** Root of block 0. */
  readonly root: Uint8Array;
  readonly head: BlockEntry;
}

/** Reads where the chain stands, or writes block 0 into an empty store. @throws ChainStoreError */
export async function openStore(keyValue: KeyValueStore, genesis: Genesis): Promise<OpenedStore> {
  const store = new ChainStore(keyValue);
  const { genesisRoot, block, nodes } = genesisBlock(genesis);
  const { header } = block.block;
  const root = MainHeaderType.hashTreeRoot(header);
  const known = store.genesisRoot();
  if (known === undefined) {
    const writes = store.blockWrites(root, { header, peaks: [] }, block, [], nodes.entries());
    writes.push(store.genesisWrite(genesisRoot), store.headWrite(root), store.heightWrite(0, root));
    await store.write(writes, true);
  } else if (!bytesEqual(known, genesisRoot)) {
    throw new ChainStoreError('the data folder belongs to another genesis', {
      hint: 'Give another --data folder, or the genesis file that this one was made with.',
    });
  }
  const headRoot = store.head();
  const head = headRoot === undefined ? undefined : store.record(headRoot)?.header;
  if (headRoot === undefined || head === undefined) throw new ChainStoreError('the best block is missing');
  return { store, genesisRoot, root, head: { root: headRoot, header: head } };
}
