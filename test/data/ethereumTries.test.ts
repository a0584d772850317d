import { keccak_256 } from '@noble/hashes/sha3.js';
import { describe, expect, it } from 'vitest';
import { integerBytes } from '../../adapters/ethereum/rlp/read.js';
import { encodeRlp } from '../../adapters/ethereum/rlp/rlp.js';
import { decodeEthereumHeader, foreignEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import { encodeHeaderJson } from '../../adapters/ethereum/sources/encodeHeader.js';
import { encodeTransactionJson } from '../../adapters/ethereum/sources/encodeTransaction.js';
import { type RpcObject, rpcHeight } from '../../adapters/ethereum/sources/fields.js';
import { indexTrie, Trie } from '../../adapters/ethereum/trie/build.js';
import { TrieProofError, verifyTrieProof } from '../../adapters/ethereum/trie/verify.js';
import { fromHex, toHex, utf8 } from '../../proofs/bytes.js';
import { hasData, needsData, readJson } from './folder.js';

type Vectors = Readonly<Record<string, { in: Record<string, string>; root: string }>>;

/** In the official vectors a string is hex if it begins with 0x, else text. */
const bytes = (text: string) => (text.startsWith('0x') ? fromHex(text) : utf8(text));

describe.skipIf(!hasData)(needsData('Official trie vectors'), () => {
  const files = [
    ['trieanyorder.json', false],
    ['trieanyorder_secureTrie.json', true],
    ['hex_encoded_securetrie_test.json', true],
  ] as const;
  it.each(files)('%s: roots, and a proof of each key', (file, secure) => {
    const vectors = Object.entries(readJson<Vectors>(`eth-trie/${file}`));
    expect(vectors.length).toBeGreaterThan(2);
    for (const [name, vector] of vectors) {
      const entries = Object.entries(vector.in).map(([key, value]) => ({
        key: secure ? keccak_256(bytes(key)) : bytes(key),
        value: bytes(value),
      }));
      const trie = new Trie(entries);
      expect(toHex(trie.root), name).toBe(vector.root);
      expect(new Trie(entries.toReversed()).root).toEqual(trie.root);
      for (const { key, value } of entries)
        expect(verifyTrieProof(trie.root, key, trie.prove(key)), name).toEqual(value);
      const absent = keccak_256(utf8('absent'));
      expect(verifyTrieProof(trie.root, absent, trie.prove(absent))).toBeUndefined();
    }
  });
});

interface AccountProof {
  readonly address: string;
  readonly accountProof: readonly string[];
  readonly balance: string;
  readonly nonce: string;
  readonly storageHash: string;
  readonly codeHash: string;
  readonly storageProof: readonly { key: string; value: string; proof: readonly string[] }[];
}

const nodes = (list: readonly string[]) => list.map((node) => fromHex(node));
const quantity = (hex: string) => integerBytes(BigInt(hex));

/** EIP-1186: an account under a state root, and its storage slots under the account's storage root. */
function checkAccount(stateRoot: Uint8Array, proof: AccountProof): void {
  const account = encodeRlp([
    quantity(proof.nonce),
    quantity(proof.balance),
    fromHex(proof.storageHash),
    fromHex(proof.codeHash),
  ]);
  const key = keccak_256(fromHex(proof.address));
  expect(verifyTrieProof(stateRoot, key, nodes(proof.accountProof))).toEqual(account);
  for (const slot of proof.storageProof) {
    const slotKey = keccak_256(fromHex(slot.key.slice(2).padStart(64, '0')));
    const found = verifyTrieProof(fromHex(proof.storageHash), slotKey, nodes(slot.proof));
    expect(found).toEqual(BigInt(slot.value) === 0n ? undefined : encodeRlp(quantity(slot.value)));
  }
}

/** Every answer of `eth_getProof` somewhere in a document. */
function accountProofsIn(value: unknown): AccountProof[] {
  if (typeof value !== 'object' || value === null) return [];
  return 'accountProof' in value ? [value as AccountProof] : Object.values(value).flatMap(accountProofsIn);
}

describe.skipIf(!hasData)(needsData('EIP-1186 proofs'), () => {
  it('a contract with storage, and a block’s producer', () => {
    const data = readJson<{ block: RpcObject; proof: AccountProof; minerProof: AccountProof }>(
      'eth-proofs/mainnet_getProof_deposit_contract.json',
    );
    const stateRoot = fromHex(String(data.block.stateRoot));
    checkAccount(stateRoot, data.proof);
    checkAccount(stateRoot, data.minerProof);
  });

  it('an account of the genesis block, and the absence of another', () => {
    interface Bare {
      readonly stateRoot: string;
      readonly address: string;
      readonly accountProof: readonly string[];
    }
    const of = ({ stateRoot, address, accountProof }: Bare) =>
      verifyTrieProof(fromHex(stateRoot), keccak_256(fromHex(address)), nodes(accountProof));
    const present = readJson<Bare>('eth-proofs/mainnet_genesis_account_proof.json');
    const absent = readJson<Bare>('eth-proofs/mainnet_genesis_account_exclusion.json');
    expect(of(present)).toBeDefined();
    expect(of(absent)).toBeUndefined();
    expect(() => of({ ...present, accountProof: absent.accountProof })).toThrow(TrieProofError);
    expect(() => of({ ...present, accountProof: present.accountProof.slice(0, -1) })).toThrow(TrieProofError);
  });

  it.each([
    'mainnet_eth_call',
    'mainnet_eth_estimateGas_simple_transfer',
    'sepolia_eth_getBalance_eoa',
    'sepolia_eth_getCode',
    'sepolia_eth_getTransactionCount',
    'sepolia_eth_getBlock_with_contractCreation',
  ])('what a node answered: %s', (name) => {
    const data = readJson<{ execution: { block: RpcObject }; dependentRequests: unknown }>(
      `eth-proofs/lodestar_${name}.json`,
    );
    const { block } = data.execution;
    const header = foreignEthereumHeader(encodeHeaderJson(block), rpcHeight(block.number, 'number'));
    expect(toHex(header.hash)).toBe(block.hash);
    const transactions = (block.transactions as RpcObject[]).map(encodeTransactionJson);
    expect(indexTrie(transactions).root).toEqual(header.transactionsRoot);
    for (const proof of accountProofsIn(data.dependentRequests)) checkAccount(header.stateRoot, proof);
  });

  it('deliberately wrong ones fail where they are wrong, and only there', () => {
    interface Rainbow {
      readonly header_data: string;
      readonly account_proof: readonly string[];
      readonly contract_address: string;
      readonly expected_account_state: string;
      readonly storage_key_hash: string;
      readonly storage_proof: readonly string[];
      readonly expected_storage_value: string;
    }
    const outcome = (variant: string) => {
      const data = readJson<Rainbow>(`eth-proofs/rainbow_storageProof${variant}.json`);
      const account = fromHex(data.expected_account_state);
      const { stateRoot } = decodeEthereumHeader(fromHex(data.header_data));
      const key = keccak_256(fromHex(data.contract_address));
      let accountHolds: boolean;
      try {
        accountHolds = toHex(verifyTrieProof(stateRoot, key, nodes(data.account_proof))!) === toHex(account);
      } catch (error) {
        expect(error).toBeInstanceOf(TrieProofError);
        accountHolds = false;
      }
      // [nonce, balance, storage root, code hash]: the root's 32 bytes end 33 before the end.
      const storageRoot = account.slice(-65, -33);
      const value = verifyTrieProof(storageRoot, fromHex(data.storage_key_hash), nodes(data.storage_proof));
      return { accountHolds, valueHolds: toHex(value!) === `0x${data.expected_storage_value}` };
    };
    expect(outcome('')).toEqual({ accountHolds: true, valueHolds: true });
    expect(outcome('WithIncorrectAccountProof')).toEqual({ accountHolds: false, valueHolds: true });
    expect(outcome('WithIncorrectHeaderExceptStateRoot')).toEqual({ accountHolds: true, valueHolds: true });
    expect(outcome('WithIncorrectValue')).toEqual({ accountHolds: true, valueHolds: false });
  });
});
