import { ZERO32 } from '../../proofs/bytes.js';
import { HEADER_VERSION, type MainHeader } from '../../proofs/containers/header.js';
import { ReceiptsType, TransactionsType } from '../../proofs/containers/transaction.js';
import type { Executed, Execution } from './execute.js';
import { certificateRoot, type Expected } from './rules.js';
import type { Turn } from './schedule.js';
import type { BuildInput } from './types.js';

/** The header of a new block from what it stands on and what its transactions led to. */
export function assembleHeader(
  input: BuildInput,
  on: Expected,
  turn: Turn,
  { included, receipts }: Execution,
  executed: Executed,
  genesisRoot: Uint8Array,
): MainHeader {
  return {
    version: HEADER_VERSION,
    genesisRoot,
    height: on.parentHeader.height + 1,
    slot: input.slot,
    term: on.term.term,
    termStart: on.term.start,
    round: turn.round,
    position: turn.position,
    producer: input.producer,
    parentRoot: on.parentRoot,
    transactionsRoot: TransactionsType.hashTreeRoot(included),
    receiptsRoot: ReceiptsType.hashTreeRoot(receipts),
    stateRoot: executed.stateRoot,
    indexRoot: executed.indexRoot,
    historyRoot: on.historyRoot,
    setRoot: on.term.setRoot,
    nextSetRoot: executed.nextSetRoot,
    certificateRoot: certificateRoot(input.certificate),
    extra: input.extra ?? ZERO32,
  };
}
