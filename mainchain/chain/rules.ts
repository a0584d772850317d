import { bytesEqual, ZERO32 } from '../../proofs/bytes.js';
import { type Certificate, CertificateType } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { HEADER_VERSION, type MainHeader, MainHeaderType } from '../../proofs/containers/header.js';
import {
  MAX_BLOCK_TRANSACTIONS,
  ReceiptsType,
  type SignedBlock,
  TransactionsType,
} from '../../proofs/containers/transaction.js';
import { type BlockRule, InvalidBlockError } from './errors.js';
import { type ChainRules, type Executed, MAX_BLOCK_PAYLOAD } from './execute.js';
import type { Schedule, TermInfo } from './schedule.js';

/** What a block on top of a known parent must have. */
export interface Expected {
  readonly parentHeader: MainHeader;
  readonly parentRoot: Uint8Array;
  readonly term: TermInfo;
  /** History root over all ancestors. */
  readonly historyRoot: Uint8Array;
}

function demand(holds: boolean, rule: BlockRule, message: string): void {
  if (!holds) throw new InvalidBlockError(rule, message);
}

/** Rules that need no other block. @throws InvalidBlockError */
export function checkAlone(rules: ChainRules, { block }: SignedBlock): void {
  const { header, transactions, certificates } = block;
  demand(header.version === HEADER_VERSION, 'bad-version', `version ${header.version} is not known`);
  demand(bytesEqual(header.genesisRoot, rules.genesisRoot), 'wrong-genesis', 'the block is of another chain');
  demand(Number.isSafeInteger(header.height) && header.height > 0, 'bad-height', `height ${header.height}`);
  demand(Number.isSafeInteger(header.slot) && header.slot > 0, 'bad-slot', `slot ${header.slot}`);
  demand(transactions.length <= MAX_BLOCK_TRANSACTIONS, 'block-too-large', 'too many transactions');
  const payload = transactions.reduce((sum, t) => sum + t.transaction.call.payload.length, 0);
  demand(payload <= MAX_BLOCK_PAYLOAD, 'block-too-large', `${payload} bytes of calls`);
  demand(certificates.length <= 1, 'bad-certificate', 'more than one certificate');
  demand(
    bytesEqual(header.certificateRoot, certificateRoot(certificates[0])),
    'bad-certificate-root',
    'the certificate is not the one that the header names',
  );
  demand(
    bytesEqual(header.transactionsRoot, TransactionsType.hashTreeRoot(transactions)),
    'bad-transactions-root',
    'the transactions are not those that the header names',
  );
}

/** `MainHeader.certificateRoot`. */
export function certificateRoot(certificate: Certificate | undefined): Uint8Array {
  return certificate === undefined ? ZERO32 : CertificateType.hashTreeRoot(certificate);
}

/** Rules of the header on top of its parent, and the producer's signature. @throws InvalidBlockError */
export function checkHeader(
  rules: ChainRules,
  schedule: Schedule,
  { block, signature }: SignedBlock,
  expected: Expected,
): void {
  const { header } = block;
  const { parentHeader, term } = expected;
  demand(
    header.height === parentHeader.height + 1,
    'bad-height',
    `height ${header.height} on top of ${parentHeader.height}`,
  );
  demand(
    header.slot > parentHeader.slot,
    'bad-slot',
    `slot ${header.slot} is not after ${parentHeader.slot}`,
  );
  demand(
    header.term === term.term && header.termStart === term.start,
    'bad-term',
    `term ${header.term} from height ${header.termStart} where term ${term.term} from ${term.start} is due`,
  );
  const turn = schedule.producerAt(header.slot, term);
  demand(
    header.round === turn.round && header.position === turn.position,
    'bad-turn',
    `turn ${header.round}/${header.position} where slot ${header.slot} is ${turn.round}/${turn.position}`,
  );
  demand(
    header.producer === turn.producer,
    'bad-producer',
    `delegate ${header.producer} produced in slot ${header.slot}, which is of delegate ${turn.producer}`,
  );
  demand(bytesEqual(header.setRoot, term.setRoot), 'bad-set-root', 'the set root is not that of the term');
  demand(
    bytesEqual(header.historyRoot, expected.historyRoot),
    'bad-history-root',
    'the history root is not that of the ancestors',
  );
  const key = term.members[turn.producer]?.blsKey;
  const message = signingRoot(MainHeaderType, header, 'block', rules.genesisRoot);
  demand(
    key !== undefined && rules.bls.verify(key, message, signature),
    'bad-signature',
    `delegate ${header.producer} did not sign the block`,
  );
}

/** Rules of what the transactions led to. @throws InvalidBlockError */
export function checkOutcome(header: MainHeader, executed: Executed): void {
  const roots = [
    ['bad-receipts-root', header.receiptsRoot, ReceiptsType.hashTreeRoot([...executed.receipts])],
    ['bad-state-root', header.stateRoot, executed.stateRoot],
    ['bad-index-root', header.indexRoot, executed.indexRoot],
    ['bad-next-set-root', header.nextSetRoot, executed.nextSetRoot],
  ] as const;
  for (const [rule, given, actual] of roots) {
    demand(bytesEqual(given, actual), rule, 'the header names another root than its transactions lead to');
  }
}
