import { keccak_256 } from '@noble/hashes/sha3.js';
import { describe, expect, it } from 'vitest';
import {
  type BlockBodies,
  decodeReceipt,
  decodeTransaction,
  type EthereumAspect,
  EthereumBlockProver,
  ethereumPayloadVerifiers,
} from '../../adapters/ethereum/proofs/index.js';
import { foreignEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import { encodeHeaderJson } from '../../adapters/ethereum/sources/encodeHeader.js';
import { encodeReceiptJson } from '../../adapters/ethereum/sources/encodeReceipt.js';
import { encodeTransactionJson } from '../../adapters/ethereum/sources/encodeTransaction.js';
import { type RpcObject, rpcHeight } from '../../adapters/ethereum/sources/fields.js';
import { indexTrie } from '../../adapters/ethereum/trie/build.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { fromHex, toHex } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import type { Json } from '../../proofs/verify/payload.js';
import { leafOf } from '../fixtures/ethereum/blocks.js';
import { RAW_BLOCKS, RPC_BLOCKS, realBlock } from './ethereum/blocks.js';
import { hasData, needsData, readJson } from './folder.js';

interface RawBlock {
  readonly number: number;
  readonly hash: string;
  readonly headerRlp: string;
  readonly transactions: readonly string[];
  readonly receipts: readonly string[];
}

const kinds = {
  tx: ProofKind.ethereumTransaction,
  receipt: ProofKind.ethereumReceipt,
  log: ProofKind.ethereumLog,
} as const;

function prove(
  prover: EthereumBlockProver,
  header: ForeignHeader,
  aspect: EthereumAspect,
  at: number,
  log?: number,
) {
  const verifier = ethereumPayloadVerifiers.find(({ kind }) => kind === kinds[aspect])!;
  const payload = prover.prove(aspect, at, log);
  if (at % 8 === 0)
    expect(verifier.fromJson(JSON.parse(JSON.stringify(verifier.toJson(payload))) as Json)).toEqual(payload);
  return verifier.verify(payload, leafOf(header), 'ethereum-mainnet').facts;
}

/** Proves the transactions of a block, and of each the receipt and all its logs. */
function proveAll(header: ForeignHeader, bodies: BlockBodies): void {
  const prover = new EthereumBlockProver(bodies);
  expect(prover.transactionsRoot).toEqual(header.transactionsRoot);
  expect(prover.receiptsRoot).toEqual(header.receiptsRoot);
  for (const [at, raw] of bodies.transactions.entries()) {
    const hash = toHex(keccak_256(raw));
    expect(prove(prover, header, 'tx', at)).toMatchObject({ hash, index: at });
    const { logs } = decodeReceipt(bodies.receipts[at]!);
    expect(prove(prover, header, 'receipt', at)).toMatchObject({ hash, logs: logs.length });
    for (const [n, log] of logs.entries()) {
      expect(prove(prover, header, 'log', at, n)).toMatchObject({
        hash,
        logIndex: n,
        contract: toHex(log.address),
        data: toHex(log.data),
      });
    }
  }
}

describe.skipIf(!hasData)(needsData('Ethereum blocks'), () => {
  it.each([...RAW_BLOCKS, ...RPC_BLOCKS])(
    'mainnet %i: both roots, and every transaction, receipt and log',
    (height) => {
      const { header, ...bodies } = realBlock(height);
      proveAll(header, bodies);
    },
  );

  it('their headers hash to what is known of them', () => {
    for (const height of RAW_BLOCKS) {
      const { hash } = readJson<RawBlock>(`eth-blocks/mainnet_${height}.json`);
      expect(toHex(realBlock(height).header.hash)).toBe(hash);
    }
  });

  it('they hold transactions of types 0 to 3', () => {
    const blocks = [...RAW_BLOCKS, ...RPC_BLOCKS].map(realBlock);
    const types = blocks.flatMap(({ transactions }) =>
      transactions.map((raw) => decodeTransaction(raw).type),
    );
    expect([...new Set(types)].sort()).toEqual([0, 1, 2, 3]);
  });

  it('a receipt of a real block cannot be passed off as its neighbour’s', () => {
    const { transactions, receipts, headerRlp } = readJson<RawBlock>('eth-blocks/mainnet_17034869.json');
    const header = foreignEthereumHeader(fromHex(headerRlp), 17034869);
    const swapped = [receipts[1]!, receipts[0]!, ...receipts.slice(2)];
    const prover = new EthereumBlockProver({
      transactions: transactions.map((raw) => fromHex(raw)),
      receipts: swapped.map((raw) => fromHex(raw)),
    });
    expect(prove(prover, header, 'tx', 0)).toMatchObject({ index: 0 });
    expect(() => prove(prover, header, 'receipt', 0)).toThrow(/trie node 0/);
  });
});

describe.skipIf(!hasData)(needsData('Ethereum blocks in their JSON-RPC form'), () => {
  const rebuilt = (block: RpcObject) =>
    foreignEthereumHeader(encodeHeaderJson(block), rpcHeight(block.number, 'number'));
  const full = (block: RpcObject) => (block.transactions as RpcObject[]).map(encodeTransactionJson);

  it('17034871: hash and transactions root', () => {
    const block = readJson<RpcObject>('eth-blocks/mainnet_17034871_rpc_block.json');
    const header = rebuilt(block);
    expect(toHex(header.hash)).toBe(block.hash);
    const transactions = full(block);
    expect(indexTrie(transactions).root).toEqual(header.transactionsRoot);
    const hashes = (block.transactions as RpcObject[]).map(({ hash }) => hash);
    expect(transactions.map((raw) => toHex(keccak_256(raw)))).toEqual(hashes);
  });

  it.each([19433902, 21925176])('%i with receipts', (height) => {
    const { block, receipts } = readJson<{ block: RpcObject; receipts: RpcObject[] }>(
      `eth-blocks/mainnet_${height}_rpc_block_receipts.json`,
    );
    const listed = block.transactions as readonly unknown[];
    const raws = receipts.map(encodeReceiptJson);
    const hasBodies = listed.every((tx) => typeof tx === 'object');
    expect(toHex(rebuilt(block).hash)).toBe(block.hash);
    expect(toHex(indexTrie(raws).root)).toBe(block.receiptsRoot);
    if (hasBodies) expect(toHex(indexTrie(full(block)).root)).toBe(block.transactionsRoot);
    // Blooms are rebuilt: what a provider says about them is not used.
    expect(receipts.map((one) => encodeReceiptJson({ ...one, logsBloom: undefined }))).toEqual(raws);
  });
});
