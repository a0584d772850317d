import { ByteListType, ContainerType, ListCompositeType, type Type, type ValueOf } from '@chainsafe/ssz';
import { BlockRefType, CertificateType } from '../../proofs/containers/consensus.js';
import { EvidenceType, SignedVoteType } from '../../proofs/containers/evidence.js';
import {
  Account,
  BlsSignature,
  Bytes32,
  Count64,
  Uint16,
  Uint32,
} from '../../proofs/containers/primitives.js';
import { SignedBlockType, SignedTransactionType } from '../../proofs/containers/transaction.js';

export const PROTOCOL_VERSION = 1;
/** Most blocks in one answer. */
export const MAX_BLOCKS = 64;

/** First message of each side. */
export const HelloType = new ContainerType(
  {
    version: Uint16,
    genesisRoot: Bytes32,
    head: BlockRefType,
    finalized: BlockRefType,
    /** Random at each start: tells a connection to oneself, and two to the same peer. */
    nodeId: Bytes32,
  },
  { typeName: 'Hello', jsonCase: 'eth2' },
);

/** What a delegate signs (domain `peer`) to show a peer who it is and how far its chain reached when they met. */
export const IntroductionType = new ContainerType(
  { from: Bytes32, to: Bytes32, head: BlockRefType },
  { typeName: 'Introduction', jsonCase: 'eth2' },
);

/** Sent after the hellos by a delegate: `head` is that of its hello. */
export const IdentityType = new ContainerType(
  { account: Account, setRoot: Bytes32, signature: BlsSignature },
  { typeName: 'Identity', jsonCase: 'eth2' },
);

export const StatusType = new ContainerType(
  { head: BlockRefType, finalized: BlockRefType },
  { typeName: 'Status', jsonCase: 'eth2' },
);

/** Blocks of the best branch from height `from` up; or, if `root` is not zero, that block and its ancestors. */
export const GetBlocksType = new ContainerType(
  { id: Uint32, from: Count64, root: Bytes32, count: Uint16 },
  { typeName: 'GetBlocks', jsonCase: 'eth2' },
);

/** Oldest first, fewer than asked at the end or where the size limit is reached, none if unknown. */
export const BlocksType = new ContainerType(
  { id: Uint32, blocks: new ListCompositeType(SignedBlockType, MAX_BLOCKS) },
  { typeName: 'Blocks', jsonCase: 'eth2' },
);

export const GoodbyeType = new ContainerType(
  { reason: new ByteListType(256) },
  { typeName: 'Goodbye', jsonCase: 'eth2' },
);

/** Every message: its code on the wire and its type. Codes are never reused. */
export const MESSAGES = {
  hello: { code: 1, type: HelloType },
  identity: { code: 2, type: IdentityType },
  status: { code: 3, type: StatusType },
  block: { code: 4, type: SignedBlockType },
  vote: { code: 5, type: SignedVoteType },
  certificate: { code: 6, type: CertificateType },
  transaction: { code: 7, type: SignedTransactionType },
  getBlocks: { code: 8, type: GetBlocksType },
  blocks: { code: 9, type: BlocksType },
  goodbye: { code: 10, type: GoodbyeType },
  evidence: { code: 11, type: EvidenceType },
} as const;

export type MessageName = keyof typeof MESSAGES;
export type MessageBody = { readonly [N in MessageName]: ValueOf<(typeof MESSAGES)[N]['type']> };
/** A decoded message. */
export type Message = {
  [N in MessageName]: { readonly name: N; readonly body: MessageBody[N] };
}[MessageName];

export type Hello = MessageBody['hello'];
export type Identity = MessageBody['identity'];
export type Introduction = ValueOf<typeof IntroductionType>;
export type GetBlocks = MessageBody['getBlocks'];

const names = new Map<number, MessageName>(
  (Object.keys(MESSAGES) as MessageName[]).map((name) => [MESSAGES[name].code, name]),
);

export function encodeMessage<N extends MessageName>(
  name: N,
  body: MessageBody[N],
): { code: number; bytes: Uint8Array } {
  const { code } = MESSAGES[name];
  const type = MESSAGES[name].type as unknown as Type<MessageBody[N]>;
  return { code, bytes: type.serialize(body) };
}

/** @returns `undefined` for an unknown code. @throws whatever the SSZ library throws on malformed bytes */
export function decodeMessage(code: number, bytes: Uint8Array): Message | undefined {
  const name = names.get(code);
  if (name === undefined) return undefined;
  const body: unknown = MESSAGES[name].type.deserialize(bytes);
  return { name, body } as Message;
}
