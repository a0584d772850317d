import { AttestType, GovernanceActionType, PolicyType } from '../../proofs/containers/calls.js';
import { CommitmentType, ReorgType } from '../../proofs/containers/commitment.js';
import { type BlockRef, CertificateType } from '../../proofs/containers/consensus.js';
import { EvidenceType } from '../../proofs/containers/evidence.js';
import { GenesisType } from '../../proofs/containers/genesis.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { HandoverType, LeafAnchorType, ReorgAnchorType } from '../../proofs/containers/proof.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import { ReceiptType, SignedBlockType, SignedTransactionType } from '../../proofs/containers/transaction.js';
import { amount, bytes, type Codec, count, flag, list, oneOf, optional, record, ssz, word } from './codec.js';
import { BadRequestError } from './errors.js';
import type { NodeClient } from './local.js';
import type {
  BlockId,
  ChainFinality,
  ChainState,
  DelegateSignature,
  NodeStatus,
  TransactionStatus,
} from './types.js';

const root = bytes(32);
const names = oneOf('head', 'justified', 'finalized');

/** A height is a decimal string, a root is `0x` hex, or a name. */
const blockId: Codec<BlockId> = {
  encode: (id) => (typeof id === 'number' ? count.encode(id) : typeof id === 'string' ? id : root.encode(id)),
  decode: (json) => {
    if (typeof json !== 'string') throw new BadRequestError('a block id is a string');
    if (json.startsWith('0x')) return root.decode(json);
    return /^[0-9]/.test(json) ? count.decode(json) : names.decode(json);
  },
};

const blockRef = record<BlockRef>({ height: count, root });
const tip = { height: count, hash: root };

const status = record<NodeStatus>({
  genesisRoot: root,
  head: record<NodeStatus['head']>({ height: count, root, slot: count }),
  justified: blockRef,
  finalized: blockRef,
  term: count,
  setRoot: root,
  delegates: count,
  delegateIndex: count,
  voting: flag,
  peers: count,
  pool: count,
});

const chainState = record<ChainState>({
  spec: ssz(ChainSpecType),
  specRoot: root,
  name: word,
  policy: ssz(PolicyType),
  policyVersion: count,
  rulesVersion: count,
  status: count,
  epoch: count,
  start: count,
  size: count,
  historyRoot: root,
  committed: record<ChainState['committed']>(tip),
  windowBase: count,
  tip: record<ChainState['tip']>({ ...tip, work: amount }),
  reorgCount: count,
  lastSeq: count,
});

const chainFinality = record<ChainFinality>({
  final: record<ChainFinality['final']>({ ...tip, slot: count, period: count, knowsNext: flag }),
  pending: record<NonNullable<ChainFinality['pending']>>(tip),
});

const transactionStatus = record<TransactionStatus>({
  status: oneOf('unknown', 'pending', 'included', 'finalized'),
  block: blockRef,
  receipt: ssz(ReceiptType),
});

const signature = record<DelegateSignature>({ index: count, setRoot: root, signature: bytes(96) });
const foundHeader = { header: ssz(MainHeaderType), root };
const at = record<{ readonly at?: number; readonly fromTerm?: number }>({ at: count, fromTerm: count });
const from = record<{ readonly fromTerm?: number }>({ fromTerm: count });

const range = record<{ readonly from?: number; readonly limit?: number }>({ from: count, limit: count });

/** A codec for each parameter, the optional ones included. */
type Codecs<P extends readonly unknown[]> = { readonly [I in keyof P]-?: Codec<Exclude<P[I], undefined>> };

interface MethodOf<N extends keyof NodeClient> {
  readonly params: Codecs<Parameters<NodeClient[N]>>;
  readonly result: Codec<Awaited<ReturnType<NodeClient[N]>>>;
}

/** The JSON-RPC methods: their names, parameters by position, and results. */
export const METHODS: { readonly [N in keyof NodeClient]: MethodOf<N> } = {
  status: { params: [], result: status },
  genesis: { params: [], result: ssz(GenesisType) },
  header: { params: [blockId], result: optional(record(foundHeader)) },
  block: { params: [blockId], result: optional(ssz(SignedBlockType)) },
  receipts: { params: [blockId], result: optional(list(ssz(ReceiptType))) },
  certificate: { params: [count], result: optional(ssz(CertificateType)) },
  commitments: {
    params: [blockId],
    result: optional(record({ ...foundHeader, commitments: list(ssz(CommitmentType)) })),
  },
  chains: { params: [], result: list(chainState) },
  chain: { params: [word], result: optional(chainState) },
  finality: { params: [word], result: optional(chainFinality) },
  branchHash: { params: [word, count], result: optional(root) },
  leafAnchor: { params: [word, count, at], result: ssz(LeafAnchorType) },
  reorgs: { params: [word, range], result: list(ssz(ReorgType)) },
  reorgAnchor: { params: [word, count, from], result: ssz(ReorgAnchorType) },
  handovers: { params: [count], result: list(ssz(HandoverType)) },
  account: {
    params: [bytes(20)],
    result: record<{ readonly nonce: number; readonly balance: bigint }>({ nonce: count, balance: amount }),
  },
  fee: { params: [count], result: amount },
  mark: { params: [], result: bytes(8) },
  send: { params: [ssz(SignedTransactionType)], result: root },
  transaction: { params: [root], result: transactionStatus },
  attest: { params: [ssz(AttestType)], result: signature },
  approve: { params: [ssz(GovernanceActionType)], result: signature },
  governanceSequence: { params: [], result: count },
  evidence: { params: [], result: list(ssz(EvidenceType)) },
};

export type MethodName = keyof NodeClient;

export function isMethod(name: unknown): name is MethodName {
  return typeof name === 'string' && Object.hasOwn(METHODS, name);
}

/** A method whose types are not known until a request names it. */
export interface AnyMethod {
  readonly params: readonly Codec<unknown>[];
  readonly result: Codec<unknown>;
}

export function methodOf(name: MethodName): AnyMethod {
  return METHODS[name] as unknown as AnyMethod;
}
