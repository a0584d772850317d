import { ZERO32 } from '../../proofs/bytes.js';
import { DelegateSetType } from '../../proofs/containers/consensus.js';
import { type Genesis, GenesisType } from '../../proofs/containers/genesis.js';
import { HEADER_VERSION, type MainHeader } from '../../proofs/containers/header.js';
import { ReceiptsType, type SignedBlock, TransactionsType } from '../../proofs/containers/transaction.js';
import { emptyHistory, historyRoot } from '../../proofs/history/history.js';
import type { NodeReader } from '../../proofs/history/nodes.js';
import { initDelegates } from '../contracts/delegates.js';
import { indexRoot } from '../contracts/histories.js';
import { writeAccount } from '../contracts/token.js';
import type { PendingNodes } from '../state/nodes.js';
import { StateOverlay } from '../state/overlay.js';
import { StateView } from '../state/view.js';

export interface GenesisBlock {
  readonly genesisRoot: Uint8Array;
  /** Height 0, slot 0, no transactions; its signature is zero: nobody produced it. */
  readonly block: SignedBlock;
  readonly nodes: PendingNodes;
}

/** Block 0 and its state: balances, delegates, term 0. */
export function genesisBlock(genesis: Genesis): GenesisBlock {
  const genesisRoot = GenesisType.hashTreeRoot(genesis);
  const nothing: NodeReader = { get: () => undefined };
  const state = new StateOverlay(new StateView(ZERO32, nothing));
  for (const { account, balance } of genesis.balances) writeAccount(state, account, { nonce: 0, balance });
  const members = genesis.delegates.map((d) => d.delegate);
  initDelegates(state, members);
  const index = indexRoot(state);
  const { root, nodes } = state.commit();
  const setRoot = DelegateSetType.hashTreeRoot(members);
  const header: MainHeader = {
    version: HEADER_VERSION,
    genesisRoot,
    height: 0,
    slot: 0,
    term: 0,
    termStart: 0,
    round: 0,
    position: 0,
    producer: 0,
    parentRoot: ZERO32,
    transactionsRoot: TransactionsType.hashTreeRoot([]),
    receiptsRoot: ReceiptsType.hashTreeRoot([]),
    stateRoot: root,
    indexRoot: index,
    historyRoot: historyRoot(emptyHistory(0)),
    setRoot,
    nextSetRoot: setRoot,
    certificateRoot: ZERO32,
    extra: ZERO32,
  };
  return {
    genesisRoot,
    block: { block: { header, transactions: [], certificates: [] }, signature: new Uint8Array(96) },
    nodes,
  };
}
