import { keccak_256 } from '@noble/hashes/sha3.js';
import { describe, expect, it } from 'vitest';
import { foreignEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import { encodeHeaderJson } from '../../adapters/ethereum/sources/encodeHeader.js';
import { encodeTransactionJson } from '../../adapters/ethereum/sources/encodeTransaction.js';
import { type RpcObject, rpcHeight } from '../../adapters/ethereum/sources/fields.js';
import { indexTrie, Trie } from '../../adapters/ethereum/trie/build.js';
import { verifyTrieProof, verifyTrieProofs } from '../../adapters/ethereum/trie/verify.js';
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
  it.each(files)('%s: roots, a proof of each key, and of all at once', (file, secure) => {
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
      const keys = [...entries.map(({ key }) => key), absent];
      expect(verifyTrieProofs(trie.root, keys, trie.proveAll(keys)), name).toEqual([
        ...entries.map(({ value }) => value),
        undefined,
      ]);
      expect(verifyTrieProof(trie.root, absent, trie.prove(absent))).toBeUndefined();
    }
  });
});

describe.skipIf(!hasData)(needsData('Blocks as nodes answered them'), () => {
  it.each([
    'mainnet_eth_call',
    'mainnet_eth_estimateGas_simple_transfer',
    'sepolia_eth_getBalance_eoa',
    'sepolia_eth_getCode',
    'sepolia_eth_getTransactionCount',
    'sepolia_eth_getBlock_with_contractCreation',
  ])('%s: hash and transactions root', (name) => {
    const data = readJson<{ execution: { block: RpcObject }; dependentRequests: unknown }>(
      `eth-proofs/lodestar_${name}.json`,
    );
    const { block } = data.execution;
    const header = foreignEthereumHeader(encodeHeaderJson(block), rpcHeight(block.number, 'number'));
    expect(toHex(header.hash)).toBe(block.hash);
    const transactions = (block.transactions as RpcObject[]).map(encodeTransactionJson);
    expect(indexTrie(transactions).root).toEqual(header.transactionsRoot);
  });
});
