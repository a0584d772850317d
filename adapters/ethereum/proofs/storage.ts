import { ContainerType } from '@chainsafe/ssz';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { compareBytes, toHex } from '../../../proofs/bytes.js';
import { ListCompositeType } from '../../../proofs/containers/lists.js';
import { Account as Address, Bytes32 } from '../../../proofs/containers/primitives.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { integerOf } from '../rlp/read.js';
import { decodeRlp } from '../rlp/rlp.js';
import { EMPTY_TRIE_ROOT } from '../trie/build.js';
import { joinTrieProofs } from '../trie/join.js';
import { accountAt, type EthereumAccount } from './account.js';
import { checkQuestion, payloadVerifier, questionId, reading, trieValues } from './common.js';
import { counted } from './facts.js';
import { SharedNodesType } from './payload.js';

/** Most slots of one proof. */
export const MAX_SLOTS = 1024;

export const StorageQuestionType = new ContainerType(
  { address: Address, slots: new ListCompositeType(Bytes32, MAX_SLOTS) },
  { typeName: 'EthereumStorageQuestion', jsonCase: 'eth2' },
);
/**
 * `ethereum-storage`: the account's nodes, and under its storage root those of the slots, which ascend; none where there is
 * no account or its storage is empty.
 */
export const StoragePayloadType = new ContainerType(
  {
    question: StorageQuestionType,
    id: Bytes32,
    accountNodes: SharedNodesType,
    storageNodes: SharedNodesType,
  },
  { typeName: 'EthereumStoragePayload', jsonCase: 'eth2' },
);

/** A slot and the nodes that prove it alone, from the storage root down. */
export interface SlotProof {
  readonly key: Uint8Array;
  readonly nodes: readonly Uint8Array[];
}

/** Decodes a value of a storage trie: the RLP of 1 to 32 bytes without leading zeros. @throws MalformedInputError */
export function decodeSlot(raw: Uint8Array): bigint {
  const value = integerOf(decodeRlp(raw), 'storage value');
  // A slot of zero is not in the trie at all.
  if (value === 0n) throw new MalformedInputError('storage value', 'is zero');
  return value;
}

/**
 * Values of slots, zero where the nodes show that there is none.
 * @throws ProofError `storage-mismatch`
 */
export function slotsOf(
  account: EthereumAccount | undefined,
  slots: readonly Uint8Array[],
  nodes: readonly Uint8Array[],
): bigint[] {
  const root = account?.storageRoot ?? EMPTY_TRIE_ROOT;
  return trieValues('storage-mismatch', root, slots.map(keccak_256), nodes).map((raw) =>
    raw === undefined ? 0n : reading('storage-mismatch', () => decodeSlot(raw)),
  );
}

/**
 * SSZ payload about slots of one account.
 * @param accountNodes from the state root down
 * @param slots in any order
 * @throws MalformedInputError for no slot or a slot given twice; LimitExceededError; ProofError, TrieProofError where the nodes do not hold
 */
export function buildStorage(
  stateRoot: Uint8Array,
  address: Uint8Array,
  accountNodes: readonly Uint8Array[],
  slots: readonly SlotProof[],
): Uint8Array {
  if (slots.length === 0) throw new MalformedInputError('storage slots', 'are none');
  if (slots.length > MAX_SLOTS)
    throw new LimitExceededError('storage slots in one proof', slots.length, MAX_SLOTS);
  const sorted = [...slots].sort((a, b) => compareBytes(a.key, b.key));
  const question = { address, slots: sorted.map(({ key }) => key) };
  if (!ascend(question.slots)) throw new MalformedInputError('storage slots', 'have one of them twice');
  const root = accountAt(stateRoot, address, accountNodes)?.storageRoot ?? EMPTY_TRIE_ROOT;
  const storageNodes = joinTrieProofs(
    root,
    sorted.map(({ key, nodes }) => ({ key: keccak_256(key), nodes })),
  );
  const id = questionId(ProofKind.ethereumStorage, StorageQuestionType, question);
  return StoragePayloadType.serialize({ question, id, accountNodes: [...accountNodes], storageNodes });
}

export const storageVerifier = payloadVerifier(
  ProofKind.ethereumStorage,
  'ethereum-storage',
  StoragePayloadType,
  (payload, leaf) => {
    const { address, slots } = checkQuestion(
      'storage-mismatch',
      ProofKind.ethereumStorage,
      StorageQuestionType,
      payload,
    );
    if (slots.length === 0) throw new ProofError('malformed', 'a storage proof has at least one slot');
    if (!ascend(slots)) throw new ProofError('non-canonical', 'storage slots do not ascend');
    const account = accountAt(leaf.stateRoot, address, payload.accountNodes);
    const values = slotsOf(account, slots, payload.storageNodes);
    const storage = slots.map((slot, i) => ({ slot: toHex(slot), value: word(values[i] ?? 0n) }));
    const [only, second] = storage;
    return {
      summary:
        only !== undefined && second === undefined
          ? `slot ${only.slot} of ${toHex(address)} is ${shortWord(values[0] ?? 0n)}`
          : `${counted(storage.length, 'slot')} of ${toHex(address)}`,
      facts: { address: toHex(address), exists: account !== undefined, storage },
    };
  },
);

function ascend(slots: readonly Uint8Array[]): boolean {
  return slots.every((slot, i) => i === 0 || compareBytes(slots[i - 1] ?? slot, slot) < 0);
}

/** 32 bytes of hex. */
function word(value: bigint): string {
  return `0x${value.toString(16).padStart(64, '0')}`;
}

function shortWord(value: bigint): string {
  return value === 0n ? 'zero' : word(value);
}
