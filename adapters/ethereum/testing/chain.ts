import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, utf8, ZERO32 } from '../../../proofs/bytes.js';
import type { Leaf } from '../../../proofs/containers/leaf.js';
import { Assurance } from '../../../proofs/containers/leaf.js';
import type { AccountNodes, ForeignBlock } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { EMPTY_CODE_HASH } from '../proofs/account.js';
import type { EthereumLog } from '../proofs/receipt.js';
import { integerBytes } from '../rlp/read.js';
import { encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { bloomOf } from '../rules/bloom.js';
import { EMPTY_OMMERS_HASH } from '../rules/constants.js';
import { foreignEthereumHeader } from '../rules/header.js';
import { EMPTY_TRIE_ROOT, indexTrie, Trie } from '../trie/build.js';

/** For tests and examples: whole blocks with a state, made here. Signatures and gas are fillers that proofs do not look at. */
export interface SampleAccount {
  readonly address: Uint8Array;
  readonly nonce?: number;
  readonly balance?: bigint;
  readonly code?: Uint8Array;
  /** Values by slot. */
  readonly storage?: readonly (readonly [slot: Uint8Array, value: bigint])[];
}

export interface SampleTransaction {
  /** EIP-2718 type 0 or 2. */
  readonly type?: number;
  readonly logs?: readonly EthereumLog[];
}

/** 20 bytes that depend on a name. */
export function addressOf(name: string): Uint8Array {
  return keccak_256(utf8(name)).subarray(12);
}

/** 32 bytes that depend on a name: a topic, a slot. */
export function wordOf(name: string): Uint8Array {
  return keccak_256(utf8(name));
}

export function logOf(contract: string, topics: readonly string[], data = ''): EthereumLog {
  return { address: addressOf(contract), topics: topics.map(wordOf), data: utf8(data) };
}

/** A state: what `eth_getProof` and `eth_getCode` would answer of it. */
export class SampleState {
  readonly #accounts: readonly SampleAccount[];
  readonly #trie: Trie;

  constructor(accounts: readonly SampleAccount[]) {
    this.#accounts = accounts;
    this.#trie = new Trie(
      accounts.map((account) => ({
        key: keccak_256(account.address),
        value: encodeRlp([
          integerBytes(account.nonce ?? 0),
          integerBytes(account.balance ?? 0n),
          storageTrie(account)?.root ?? EMPTY_TRIE_ROOT,
          account.code === undefined ? EMPTY_CODE_HASH : keccak_256(account.code),
        ]),
      })),
    );
  }

  get root(): Uint8Array {
    return this.#trie.root;
  }

  prove(header: ForeignHeader, address: Uint8Array, slots: readonly Uint8Array[]): AccountNodes {
    const account = this.#find(address);
    const storage = account && storageTrie(account);
    return {
      header,
      address,
      accountNodes: this.#trie.prove(keccak_256(address)),
      slots: slots.map((key) => ({ key, nodes: storage?.prove(keccak_256(key)) ?? [] })),
    };
  }

  code(address: Uint8Array): Uint8Array {
    return this.#find(address)?.code ?? new Uint8Array(0);
  }

  #find(address: Uint8Array): SampleAccount | undefined {
    return this.#accounts.find((one) => String(one.address) === String(address));
  }
}

function storageTrie({ storage = [] }: SampleAccount): Trie | undefined {
  if (storage.length === 0) return undefined;
  return new Trie(
    storage.map(([slot, value]) => ({ key: keccak_256(slot), value: encodeRlp(integerBytes(value)) })),
  );
}

export interface SampleBlock extends ForeignBlock {
  readonly transactions: readonly Uint8Array[];
  readonly receipts: readonly Uint8Array[];
  readonly withdrawals: readonly Uint8Array[];
  readonly state: SampleState;
}

/** A block on top of `parent`. @param withdrawals how many */
export function sampleBlockOn(
  parent: Pick<ForeignHeader, 'height' | 'hash' | 'time'>,
  options: {
    readonly transactions?: readonly SampleTransaction[];
    readonly withdrawals?: number;
    readonly state?: SampleState;
  } = {},
): SampleBlock {
  const { transactions: given = [], withdrawals: count = 0, state = new SampleState([]) } = options;
  const height = parent.height + 1;
  const transactions = given.map(({ type = 2 }, i) => rawTransaction(type, height, i));
  const receipts = given.map(({ type = 2, logs = [] }, i) => rawReceipt(type, i, logs));
  const withdrawals = Array.from({ length: count }, (_, i) =>
    encodeRlp([
      integerBytes(1000 * height + i),
      integerBytes(7 + i),
      addressOf(`validator ${i}`),
      integerBytes(1_500_000_000 + i),
    ]),
  );
  const raw = encodeRlp([
    parent.hash,
    EMPTY_OMMERS_HASH,
    new Uint8Array(20),
    state.root,
    indexTrie(transactions).root,
    indexTrie(receipts).root,
    bloomOf(given.flatMap(({ logs = [] }) => logs)),
    ...[0, height, 30_000_000, 15_000_000, parent.time + 12].map(integerBytes),
    new Uint8Array(0),
    ZERO32,
    new Uint8Array(8),
    integerBytes(1_000_000_000),
    indexTrie(withdrawals).root,
    ...[0, 0].map(integerBytes),
    ZERO32,
    ZERO32,
  ]);
  return {
    header: foreignEthereumHeader(raw, height),
    transactionHashes: transactions.map((one) => keccak_256(one)),
    transactions,
    receipts,
    withdrawals,
    state,
  };
}

/** A block's leaf, as far as payloads look at it. */
export function leafOfHeader(header: ForeignHeader): Leaf {
  const { height, transactionsRoot, receiptsRoot, stateRoot, time } = header;
  return {
    specRoot: ZERO32,
    height,
    blockHash: header.hash,
    transactionsRoot,
    receiptsRoot,
    stateRoot,
    time,
    assurance: Assurance.attested,
    policyVersion: 1,
    rulesVersion: 1,
    mainHeight: 1,
  };
}

function typed(type: number, items: readonly RlpItem[]): Uint8Array {
  const body = encodeRlp(items);
  return type === 0 ? body : concatBytes(Uint8Array.of(type), body);
}

function rawTransaction(type: number, height: number, place: number): Uint8Array {
  const to = addressOf(`account ${place}`);
  const body: RlpItem[] = [to, integerBytes(10n ** 15n + BigInt(place)), utf8(`block ${height}`)];
  const signature = [wordOf(`r ${place}`), wordOf(`s ${place}`)];
  if (type === 0)
    return typed(0, [
      ...[place, 2_000_000_000, 21_000].map(integerBytes),
      ...body,
      integerBytes(27),
      ...signature,
    ]);
  const head = [31337, place, 1_000_000_000, 2_000_000_000, 21_000].map(integerBytes);
  return typed(type, [...head, ...body, [], integerBytes(place % 2), ...signature]);
}

function rawReceipt(type: number, place: number, logs: readonly EthereumLog[]): Uint8Array {
  return typed(type, [
    integerBytes(1),
    integerBytes(21_000 * (place + 1)),
    bloomOf(logs),
    logs.map(({ address, topics, data }) => [address, topics, data]),
  ]);
}
