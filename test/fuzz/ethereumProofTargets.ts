import { parseEthereumAddress } from '../../adapters/ethereum/address.js';
import { checkEip1186, encodeEip1186, parseEip1186 } from '../../adapters/ethereum/proofs/eip1186.js';
import { decodeReceipt, withBloom, withoutBloom } from '../../adapters/ethereum/proofs/receipt.js';
import { StoragePayloadType } from '../../adapters/ethereum/proofs/storage.js';
import { decodeTransaction } from '../../adapters/ethereum/proofs/transaction.js';
import { leafOfHeader } from '../../adapters/ethereum/testing/chain.js';
import {
  block,
  nodesOf,
  PAYEE,
  prover,
  SLOTS,
  samples,
  storageOf,
  TOKEN,
  verifierOf,
} from '../../adapters/ethereum/testing/kinds.js';
import { indexKey } from '../../adapters/ethereum/trie/build.js';
import { verifyTrieProof, verifyTrieProofs } from '../../adapters/ethereum/trie/verify.js';
import { bytesEqual, concatBytes, toHex, utf8 } from '../../proofs/bytes.js';
import type { FuzzTarget } from './harness.js';

function same(what: string, again: Uint8Array, input: Uint8Array): void {
  if (!bytesEqual(again, input)) throw new Error(`${what} was read, but is written otherwise`);
}

const { question, accountNodes, storageNodes } = StoragePayloadType.deserialize(
  storageOf(TOKEN, SLOTS.slice(0, 2)),
);
const { stateRoot } = block.header;
const answers = [
  encodeEip1186(stateRoot, PAYEE, nodesOf(PAYEE).accountNodes),
  encodeEip1186(stateRoot, TOKEN, accountNodes, question.slots, storageNodes),
];
const root = prover.transactionTrie.root;
const keys = [2, 3, 17, 99].map(indexKey);
const nodes = prover.transactionTrie.proveAll(keys);
/** Nodes one after another, each behind its length. */
const joined = concatBytes(
  ...nodes.flatMap((node) => [Uint8Array.of(node.length >> 8, node.length & 0xff), node]),
);

function cut(input: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < input.length; ) {
    const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
    parts.push(input.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return parts;
}

/** Everything in which proofs about Ethereum read bytes. */
export const ethereumProofTargets: readonly FuzzTarget[] = [
  ...Object.entries(samples).map(
    ([name, [kind, payload, header]]): FuzzTarget => ({
      name: `payload of kind ${kind}: ${name}`,
      seeds: [payload],
      maxBytes: 16_384,
      run(input) {
        const verifier = verifierOf(kind);
        verifier.verify(input, leafOfHeader(header), 'ethereum-local');
        // What holds is what was made: any other payload that holds is a second encoding, or a false proof.
        same('a payload', payload, input);
        same('a payload', verifier.fromJson(verifier.toJson(input)), input);
      },
    }),
  ),
  {
    name: 'trie proof of several keys',
    seeds: [joined],
    maxBytes: 8192,
    run(input) {
      const values = verifyTrieProofs(root, keys, cut(input));
      for (const [i, key] of keys.entries()) {
        const expected = verifyTrieProof(root, key, prover.transactionTrie.prove(key));
        if (!bytesEqual(values[i] ?? new Uint8Array(0), expected ?? new Uint8Array(0)))
          throw new Error('a false value is proven');
      }
      same('a trie proof', concatBytes(...cut(input)), concatBytes(...nodes));
    },
  },
  {
    name: 'eth_getProof answer',
    seeds: answers.map(utf8),
    maxBytes: 8192,
    run(input) {
      const read = parseEip1186(new TextDecoder().decode(input));
      const { account } = checkEip1186(stateRoot, read);
      // Nobody can say anything false of these two.
      const known = [PAYEE, TOKEN].find((address) => bytesEqual(address, read.address));
      if (known !== undefined && account === undefined) throw new Error('an account is shown to be absent');
      if (account !== undefined && (account.balance !== read.balance || account.nonce !== read.nonce))
        throw new Error('a false account is taken');
    },
  },
  {
    name: 'receipt without bloom',
    seeds: block.receipts.slice(0, 4).map(withoutBloom),
    run(input) {
      const { raw, receipt } = withBloom(input);
      same('a receipt', withoutBloom(raw), input);
      if (decodeReceipt(raw).logs.length !== receipt.logs.length) throw new Error('another receipt');
    },
  },
  {
    name: 'receipt',
    seeds: block.receipts.slice(0, 4),
    run(input) {
      decodeReceipt(input);
      same('a receipt', withBloom(withoutBloom(input)).raw, input);
    },
  },
  {
    name: 'Ethereum transaction',
    seeds: block.transactions.slice(0, 4),
    run: (input) => void decodeTransaction(input),
  },
  {
    name: 'Ethereum address',
    seeds: [utf8(toHex(TOKEN)), utf8('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed')],
    maxBytes: 100,
    run(input) {
      const text = new TextDecoder().decode(input);
      if (toHex(parseEthereumAddress(text)) !== text.toLowerCase()) throw new Error('another address');
    },
  },
];
