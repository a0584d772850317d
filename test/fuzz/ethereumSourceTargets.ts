import { customEthereumNetwork } from '../../adapters/ethereum/rules/customNetworks.js';
import { decodeEthereumHeader, foreignEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import { encodeHeaderJson } from '../../adapters/ethereum/sources/encodeHeader.js';
import { encodeReceiptJson } from '../../adapters/ethereum/sources/encodeReceipt.js';
import { encodeTransactionJson } from '../../adapters/ethereum/sources/encodeTransaction.js';
import { encodeWithdrawalJson } from '../../adapters/ethereum/sources/encodeWithdrawal.js';
import { rpcHeight, rpcList, rpcObject } from '../../adapters/ethereum/sources/fields.js';
import { decodeRawBlock } from '../../adapters/ethereum/sources/rawBlock.js';
import { parseWith } from '../../config/json.js';
import { NetworkSchema } from '../../config/network.js';
import { bytesEqual, fromHex, toHex, utf8 } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sampleBlock } from '../fixtures/ethereum/blocks.js';
import { sampleHeader } from '../fixtures/ethereum/headers.js';
import { blockJson, type RecordedBlock, rawBlockOf, receiptsJson } from '../support/replayNode.js';
import type { FuzzTarget } from './harness.js';

const headers = [15, 16, 17, 20, 21, 23].map((fields) => sampleHeader(7, 60, {}, fields));
const { bodies } = sampleBlock();
const block: RecordedBlock = {
  number: 7,
  hash: toHex(headers[4]?.hash ?? new Uint8Array(32)),
  headerRlp: toHex(headers[4]?.raw ?? new Uint8Array(0)),
  transactions: bodies.transactions.map((raw) => toHex(raw)),
  receipts: bodies.receipts.map((raw) => toHex(raw)),
  ommersRlp: '0xc0',
  withdrawals: ['0xd8010294000000000000000000000000000000000000000003'],
};
const network = {
  name: 'fuzzed-rollup',
  chainId: 31,
  genesisHash: `0x${'5a'.repeat(32)}`,
  forks: [
    { fields: 16, height: 0 },
    { fields: 20, time: 1000 },
  ],
};
const text = (value: unknown) => utf8(JSON.stringify(value));

function json(input: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch (error) {
    throw new MalformedInputError('input', 'is not JSON', error);
  }
}

/** Everything in which sources of Ethereum read what nodes answer, and what users define. */
export const ethereumSourceTargets: readonly FuzzTarget[] = [
  {
    name: 'raw header',
    seeds: headers.map(({ raw }) => raw),
    run(input) {
      const { fields } = decodeEthereumHeader(input);
      const header = foreignEthereumHeader(input, 7);
      const known = headers.find(({ hash }) => bytesEqual(hash, header.hash));
      if (known !== undefined && !bytesEqual(known.raw, input)) throw new Error('two headers of one hash');
      if (![15, 16, 17, 20, 21, 23].includes(fields)) throw new Error(`${fields} fields were taken`);
    },
  },
  {
    name: 'raw block',
    seeds: [fromHex(rawBlockOf(block)), fromHex(rawBlockOf({ ...block, withdrawals: null }))],
    maxBytes: 8192,
    run(input) {
      decodeRawBlock(input);
    },
  },
  {
    name: 'block in JSON',
    seeds: [text(blockJson(block)), text({ ...blockJson(block), transactions: [] })],
    maxBytes: 16_384,
    run(input) {
      const fields = rpcObject(json(input), 'block');
      const header = foreignEthereumHeader(encodeHeaderJson(fields), rpcHeight(fields.number, 'number'));
      decodeEthereumHeader(header.raw);
      for (const one of rpcList(fields.transactions, 'transactions'))
        encodeTransactionJson(rpcObject(one, 'transaction'));
      for (const one of rpcList(fields.withdrawals, 'withdrawals'))
        encodeWithdrawalJson(rpcObject(one, 'withdrawal'));
    },
  },
  {
    name: 'receipts in JSON',
    seeds: [text(receiptsJson(block))],
    maxBytes: 32_768,
    run(input) {
      for (const one of rpcList(json(input), 'receipts')) encodeReceiptJson(rpcObject(one, 'receipt'));
    },
  },
  {
    name: 'network of one’s own',
    seeds: [text(network), text({ ...network, forks: [] })],
    run(input) {
      const { name, chainId, checksTime, genesisHash, forks, rules } = parseWith(
        NetworkSchema,
        json(input),
        'input',
      );
      customEthereumNetwork({
        name,
        chainId,
        checksTime,
        genesisHash: fromHex(genesisHash),
        forks: forks.map((fork) => ({
          fields: fork.fields,
          from: 'time' in fork ? { time: fork.time } : { height: fork.height },
        })),
        rules,
      });
    },
  },
];
