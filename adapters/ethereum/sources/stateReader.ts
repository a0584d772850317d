import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { AccountNodes } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { bytesOf, listOf } from '../rlp/read.js';
import { decodeRlp } from '../rlp/rlp.js';
import { EMPTY_TRIE_ROOT } from '../trie/build.js';
import { TrieProofError, verifyTrieProof } from '../trie/verify.js';
import { type RpcObject, rpcBytes, rpcList, rpcObject } from './fields.js';
import type { Reading } from './headerReader.js';
import type { EthereumRpcClient, RpcAnswer } from './rpcClient.js';

/** JSON-RPC 2.0, section 5.1: what nodes answer that do not know blocks by object. */
const INVALID_PARAMS = -32602;
/** Slots of one question. */
const MAX_SLOTS = 1024;

/** State as of one block: every question names that very block (EIP-1898), and what comes is checked against its state root. */
export class StateReader {
  readonly #name: string;
  readonly #client: EthereumRpcClient;
  readonly #reading: Reading;
  /** Whether the node takes blocks as objects. */
  #byHash = true;

  constructor(client: EthereumRpcClient, reading: Reading) {
    this.#name = reading.source;
    this.#client = client;
    this.#reading = reading;
  }

  /**
   * Nodes of an account and of slots of it. What the node says of balance, nonce and values besides is not looked at.
   * @throws SourceFaultError for nodes that do not lead down from the block's state root; SourceUnavailableError
   */
  async proof(
    header: ForeignHeader,
    address: Uint8Array,
    slots: readonly Uint8Array[],
  ): Promise<AccountNodes> {
    if (address.length !== 20 || slots.length > MAX_SLOTS || slots.some((slot) => slot.length !== 32))
      throw new MalformedInputError('account', 'has 20 bytes, a slot 32, at most 1024 at once');
    const { result, pinned } = await this.#ask(
      'eth_getProof',
      [toHex(address), slots.map((slot) => toHex(slot))],
      header,
    );
    const nodes = this.#reading.run('account proof', () => {
      const answer = rpcObject(result, 'account proof');
      const storage = listOrNone(answer.storageProof, 'storage proofs').map((one) =>
        rpcObject(one, 'storage proof'),
      );
      if (storage.length !== slots.length)
        throw new MalformedInputError(
          'storage proofs',
          `are ${storage.length}, asked for were ${slots.length}`,
        );
      return {
        accountNodes: nodesOf(answer, 'accountProof'),
        slots: slots.map((key, i) => ({ key, nodes: nodesOf(storage[i] ?? {}, 'proof') })),
      };
    });
    const root = this.#readAccount(header, address, nodes.accountNodes, pinned);
    const checked = nodes.slots.map(({ key, nodes: given }) => {
      // Nodes differ in what they say of an account without storage; there is only one proof of it.
      const own = bytesEqual(root, EMPTY_TRIE_ROOT) ? [] : given;
      this.#verify(header, 'storage', root, key, own, pinned);
      return { key, nodes: own };
    });
    return { header, address, accountNodes: nodes.accountNodes, slots: checked };
  }

  /** Not checked here: the caller compares its hash. @throws SourceUnavailableError */
  async code(header: ForeignHeader, address: Uint8Array): Promise<Uint8Array> {
    const { result } = await this.#ask('eth_getCode', [toHex(address)], header);
    return this.#reading.run('code', () => rpcBytes(result, 'code'));
  }

  /** By hash; by number for nodes that cannot, whose answer may then be another block's. */
  async #ask(
    method: string,
    params: readonly unknown[],
    header: ForeignHeader,
  ): Promise<{ result: unknown; pinned: boolean }> {
    if (this.#byHash) {
      const block = { blockHash: toHex(header.hash), requireCanonical: false };
      const answer = await this.#client.ask(method, [...params, block]);
      if (!('refusal' in answer)) return { result: this.#some(method, answer), pinned: true };
      const { code, message } = answer.refusal;
      const isLost = /not found|unknown (block|header)|not (currently )?canonical/i.test(message);
      const isUnreadable =
        code === INVALID_PARAMS ||
        /invalid argument|cannot unmarshal|invalid params|invalid type/i.test(message);
      // A node that does not have the block understood the question.
      if (isLost || !isUnreadable) throw this.#client.refused(method, answer.refusal);
    }
    const answer = await this.#client.ask(method, [...params, `0x${header.height.toString(16)}`]);
    if ('refusal' in answer) throw this.#client.refused(method, answer.refusal);
    this.#byHash = false;
    return { result: this.#some(method, answer), pinned: false };
  }

  #some(method: string, answer: Extract<RpcAnswer, { result: unknown }>): unknown {
    if (answer.result !== null) return answer.result;
    throw new SourceUnavailableError(this.#name, `${method}: does not have that block's state`);
  }

  /** Storage root of the account that the nodes show; that of no storage where they show that there is none. */
  #readAccount(
    header: ForeignHeader,
    address: Uint8Array,
    nodes: readonly Uint8Array[],
    pinned: boolean,
  ): Uint8Array {
    const value = this.#verify(header, 'account', header.stateRoot, address, nodes, pinned);
    if (value === undefined) return EMPTY_TRIE_ROOT;
    return this.#reading.run('account', () => {
      const fields = listOf(decodeRlp(value), 'account', 4);
      return bytesOf(fields[2], 'storage root', 32);
    });
  }

  #verify(
    header: ForeignHeader,
    what: string,
    root: Uint8Array,
    key: Uint8Array,
    nodes: readonly Uint8Array[],
    pinned: boolean,
  ): Uint8Array | undefined {
    try {
      return verifyTrieProof(root, keccak_256(key), nodes);
    } catch (error) {
      if (!(error instanceof TrieProofError)) throw error;
      const problem = `${what} nodes that do not belong to block ${toHex(header.hash)}: ${error.message}`;
      if (pinned)
        throw new SourceFaultError(this.#name, `answered ${problem}`, { height: header.height }, error);
      throw new SourceUnavailableError(this.#name, `has, by its number, ${problem}`, error);
    }
  }
}

function nodesOf(answer: RpcObject, name: string): Uint8Array[] {
  return listOrNone(answer[name], name).map((node) => rpcBytes(node, `${name} node`));
}

/** Some nodes write a list without entries as null: of slots where none was asked for, of nodes where the storage is empty. */
function listOrNone(value: unknown, what: string): readonly unknown[] {
  return value === null ? [] : rpcList(value, what);
}
