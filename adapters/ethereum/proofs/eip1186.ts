import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, fromHex, isZero, toHex } from '../../../proofs/bytes.js';
import { MAX_PAYLOAD_BYTES } from '../../../proofs/containers/proof.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { EMPTY_TRIE_ROOT } from '../trie/build.js';
import { splitTrieProof } from '../trie/verify.js';
import { accountAt, EMPTY_CODE_HASH, type EthereumAccount } from './account.js';
import { readRpcResult, recordOf } from './rpcAnswer.js';
import { MAX_SLOTS, type SlotProof, slotsOf } from './storage.js';

/** What a node says of an account and its storage (EIP-1186), as it says it. */
export interface Eip1186Proof {
  readonly address: Uint8Array;
  readonly accountNodes: readonly Uint8Array[];
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly codeHash: Uint8Array;
  readonly storageHash: Uint8Array;
  readonly slots: readonly {
    /** 32 bytes. */
    readonly key: Uint8Array;
    readonly value: bigint;
    readonly nodes: readonly Uint8Array[];
  }[];
}

/** A field of an `eth_getProof` answer says something else than the nodes show. */
export class Eip1186Error extends CrossrootError {
  override readonly name = 'Eip1186Error';
  constructor(
    /** As in the answer, such as `balance` or `storageProof[2].value`. */
    readonly field: string,
    message: string,
    cause?: unknown,
  ) {
    super(`${field}: ${message}`, { details: { field }, ...(cause === undefined ? {} : { cause }) });
  }
}

const WHAT = 'eth_getProof answer';

/**
 * Reads the answer of `eth_getProof`, alone or as the `result` of a JSON-RPC answer.
 * @throws MalformedInputError, for a node's refusal too; LimitExceededError
 */
export function parseEip1186(text: string): Eip1186Proof {
  if (text.length > 2 * MAX_PAYLOAD_BYTES)
    throw new LimitExceededError(`${WHAT} in characters`, text.length, 2 * MAX_PAYLOAD_BYTES);
  const answer = readRpcResult(text, WHAT);
  const storage = listOrNone(answer.storageProof, 'storageProof');
  if (storage.length > MAX_SLOTS) throw new LimitExceededError('storageProof', storage.length, MAX_SLOTS);
  return {
    address: bytesOf(answer.address, 'address', 20),
    accountNodes: nodesOf(listOf(answer.accountProof, 'accountProof'), 'accountProof'),
    balance: quantityOf(answer.balance, 'balance'),
    nonce: quantityOf(answer.nonce, 'nonce'),
    codeHash: bytesOf(answer.codeHash, 'codeHash', 32),
    storageHash: bytesOf(answer.storageHash, 'storageHash', 32),
    slots: storage.map((item, i) => {
      const slot = recordOf(item, `storageProof[${i}]`);
      return {
        key: wordOf(quantityOf(slot.key, `storageProof[${i}].key`)),
        value: quantityOf(slot.value, `storageProof[${i}].value`),
        nodes: nodesOf(listOrNone(slot.proof, `storageProof[${i}].proof`), `storageProof[${i}].proof`),
      };
    }),
  };
}

/**
 * Checks everything that an answer says: the nodes lead down from the state root, strictly, and every field is what they show.
 * Whether account and slots are there is decided by the nodes.
 * @returns the account, `undefined` where there is none, and exactly the nodes that are needed
 * @throws Eip1186Error naming the field
 */
export function checkEip1186(
  stateRoot: Uint8Array,
  proof: Eip1186Proof,
): {
  readonly account: EthereumAccount | undefined;
  readonly accountNodes: readonly Uint8Array[];
  readonly slots: readonly SlotProof[];
} {
  const accountNodes = stripEmpty(stateRoot, proof.accountNodes);
  const account = shownBy('accountProof', () => accountAt(stateRoot, proof.address, accountNodes));
  same('balance', proof.balance, account?.balance ?? 0n);
  same('nonce', proof.nonce, account?.nonce ?? 0n);
  sameHash('codeHash', proof.codeHash, account?.codeHash, EMPTY_CODE_HASH);
  sameHash('storageHash', proof.storageHash, account?.storageRoot, EMPTY_TRIE_ROOT);
  const storageRoot = account?.storageRoot ?? EMPTY_TRIE_ROOT;
  const slots = proof.slots.map(({ key, value, nodes: given }, i) => {
    const nodes = stripEmpty(storageRoot, given);
    const [shown = 0n] = shownBy(`storageProof[${i}].proof`, () => slotsOf(account, [key], nodes));
    same(`storageProof[${i}].value`, value, shown);
    return { key, nodes };
  });
  return { account, accountNodes, slots };
}

/** Some nodes answer the root of an empty trie, 0x80, where there are no nodes. */
function stripEmpty(root: Uint8Array, nodes: readonly Uint8Array[]): readonly Uint8Array[] {
  const [only, second] = nodes;
  const isEmptyRoot = second === undefined && only?.length === 1 && only[0] === 0x80;
  return isEmptyRoot && bytesEqual(root, EMPTY_TRIE_ROOT) ? [] : nodes;
}

/**
 * The form that `eth_getProof` answers, from nodes: of each slot by itself.
 * @param slots 32 bytes each
 * @param storageNodes shared by the slots
 * @throws ProofError where the nodes do not hold
 */
export function encodeEip1186(
  stateRoot: Uint8Array,
  address: Uint8Array,
  accountNodes: readonly Uint8Array[],
  slots: readonly Uint8Array[] = [],
  storageNodes: readonly Uint8Array[] = [],
): string {
  const account = accountAt(stateRoot, address, accountNodes);
  const values = slotsOf(account, slots, storageNodes);
  const root = account?.storageRoot ?? EMPTY_TRIE_ROOT;
  const single = splitTrieProof(root, slots.map(keccak_256), storageNodes);
  const answer = {
    address: toHex(address),
    accountProof: accountNodes.map(toHex),
    balance: quantity(account?.balance ?? 0n),
    codeHash: toHex(account?.codeHash ?? EMPTY_CODE_HASH),
    nonce: quantity(account?.nonce ?? 0n),
    storageHash: toHex(root),
    storageProof: slots.map((key, i) => ({
      key: toHex(key),
      value: quantity(values[i] ?? 0n),
      proof: (single[i] ?? []).map(toHex),
    })),
  };
  return JSON.stringify(answer);
}

function shownBy<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProofError) throw new Eip1186Error(field, error.message, error);
    throw error;
  }
}

function same(field: string, said: bigint, shown: bigint): void {
  if (said !== shown)
    throw new Eip1186Error(field, `says ${quantity(said)}, the nodes show ${quantity(shown)}`);
}

/** Of an account that does not exist, nodes say the hash of nothing or zero. */
function sameHash(field: string, said: Uint8Array, shown: Uint8Array | undefined, nothing: Uint8Array): void {
  if (bytesEqual(said, shown ?? nothing) || (shown === undefined && isZero(said))) return;
  throw new Eip1186Error(field, `says ${toHex(said)}, the nodes show ${toHex(shown ?? nothing)}`);
}

function quantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function wordOf(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'), 'storage key', 32);
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedInputError(what, 'is not a list');
  return value;
}

/** Some nodes write a list without entries as null: of slots where none was asked for, of nodes where the storage is empty. */
function listOrNone(value: unknown, what: string): readonly unknown[] {
  return value === null ? [] : listOf(value, what);
}

function nodesOf(list: readonly unknown[], what: string): Uint8Array[] {
  return list.map((node, i) => bytesOf(node, `${what}[${i}]`));
}

function bytesOf(value: unknown, what: string, length?: number): Uint8Array {
  if (typeof value !== 'string' || !value.startsWith('0x'))
    throw new MalformedInputError(what, 'is not hex with 0x');
  return fromHex(value, what, length);
}

/** Hex of a number of at most 256 bits; leading zeros, as some nodes write them, are taken. */
function quantityOf(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value))
    throw new MalformedInputError(what, 'is not a number in hex');
  return BigInt(value);
}
