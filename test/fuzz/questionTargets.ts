import { parse } from 'node:querystring';
import { bitcoinPayloadBuilder } from '../../adapters/bitcoin/payloadBuilder.js';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { segwitBlock } from '../../adapters/bitcoin/testing/segwit.js';
import { SourceUnavailableError } from '../../adapters/errors.js';
import { leafOfHeader } from '../../adapters/ethereum/testing/chain.js';
import {
  block as ethereum,
  next,
  PAYEE,
  SLOTS,
  state,
  TOKEN,
} from '../../adapters/ethereum/testing/kinds.js';
import type { BlockData } from '../../adapters/payloadBuilder.js';
import { kindByCode, payloadBuilders, payloadVerifiers } from '../../adapters/registry.js';
import { bytesEqual, toHex, utf8 } from '../../proofs/bytes.js';
import { LeafType } from '../../proofs/containers/leaf.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import * as q from '../../relay/api/index/questions.js';
import { logsOf, outpointOf, scriptOf, stepsOf } from '../../relay/api/index/read.js';
import { ask } from '../../relay/api/json.js';
import * as s from '../../relay/api/schemas.js';
import type { FuzzTarget } from './harness.js';

const BITCOIN = 'bitcoin-regtest';
const ETHEREUM = 'ethereum-local';
const { raw } = segwitBlock(foreignHeader(bitcoinNetwork(BITCOIN).genesisHeader, 0), 7);
const bitcoin = bitcoinPayloadBuilder.readBlock?.(raw);
if (bitcoin === undefined) throw new Error('no block');
const txid = (place: number) => displayHash(bitcoin.transactionHashes[place] ?? new Uint8Array(32));
const hash = (place: number) => toHex(ethereum.transactionHashes[place] ?? new Uint8Array(32));
const bitcoinLeaf = {
  ...LeafType.defaultValue(),
  transactionsRoot: bitcoin.header.transactionsRoot,
  height: 1,
};
const blocks = [ethereum, next];
const data: BlockData = {
  header: async (height) => blocks.find(({ header }) => header.height === height)?.header,
  async block(wanted) {
    const found = blocks.find(({ header }) => bytesEqual(header.hash, wanted));
    if (found === undefined) throw new SourceUnavailableError('node', 'has no such block');
    return found;
  },
  account: async (address, slots) => state.prove(ethereum.header, address, slots),
  code: async (address) => state.code(address),
};

/** As the server reads a query. */
const query = (input: Uint8Array) => parse(new TextDecoder().decode(input));

function check(kind: number, leaf: typeof bitcoinLeaf, payload: Uint8Array, chain: string): void {
  const verifier = payloadVerifiers.find((one) => one.kind === kind);
  if (verifier === undefined) throw new Error('a proof that nobody verifies');
  verifier.verify(payload, leaf, chain);
}

const kindOf = (code: number) => {
  const kind = kindByCode(code);
  if (kind === undefined) throw new Error('no kind');
  return kind;
};

/** What people ask the API: whatever they name, they get a proof that holds or a refusal. */
export const questionTargets: readonly FuzzTarget[] = [
  {
    name: 'proof of a Bitcoin transaction',
    share: 0.3,
    seeds: [
      '',
      `kind=txs&also=${txid(1)},${txid(4)}`,
      'kind=witness',
      'kind=output&output=1',
      'kind=spend&input=1&format=ssz',
      'kind=data',
    ].map(utf8),
    maxBytes: 400,
    run(input) {
      const { kind: aspect, format: _, from_term: __, ...parameters } = ask(s.ProofQuery, query(input));
      const question = { aspect, parameters };
      payloadBuilders.check(BITCOIN, ChainKindCode.bitcoin, question);
      const request = { ...question, chain: BITCOIN, block: bitcoin, index: 2 };
      const { kind, payload } = payloadBuilders.build(ChainKindCode.bitcoin, request);
      check(kind, bitcoinLeaf, payload, BITCOIN);
    },
  },
  {
    name: 'proof of an Ethereum transaction',
    share: 0.05,
    seeds: [
      '',
      'kind=receipt',
      'kind=log&log=0',
      `kind=txs&also=${hash(1)},${hash(4)}:receipt,${hash(5)}:log:1`,
      `kind=txs&part=log:0&also=${hash(3)}`,
    ].map(utf8),
    maxBytes: 500,
    run(input) {
      const { kind: aspect, format: _, from_term: __, ...parameters } = ask(s.ProofQuery, query(input));
      const question = { aspect, parameters };
      payloadBuilders.check(ETHEREUM, ChainKindCode.ethereum, question);
      const request = { ...question, chain: ETHEREUM, block: ethereum, index: 5 };
      const { kind, payload } = payloadBuilders.build(ChainKindCode.ethereum, request);
      check(kind, leafOfHeader(ethereum.header), payload, ETHEREUM);
    },
  },
  {
    name: 'proof of an Ethereum block',
    share: 0.05,
    seeds: [
      `kind=account&address=${toHex(PAYEE)}`,
      `kind=storage&address=${toHex(TOKEN)}&slot=${toHex(SLOTS[2] ?? PAYEE)}&slot=7`,
      `kind=code&address=${toHex(TOKEN)}`,
      'kind=withdrawal&withdrawal=3',
      'kind=count&list=transactions',
      `kind=logs&address=${toHex(TOKEN)}&topic=any`,
    ].map(utf8),
    maxBytes: 500,
    async run(input) {
      const {
        kind: aspect,
        format: _,
        from_term: __,
        from_block: fromBlock,
        ...others
      } = ask(s.BlockProofQuery, query(input));
      const question = { aspect, parameters: { ...others, fromBlock } };
      payloadBuilders.check(ETHEREUM, ChainKindCode.ethereum, question);
      const request = { ...question, chain: ETHEREUM, header: ethereum.header, data };
      const { kind, payload } = await payloadBuilders.buildOfBlock(ChainKindCode.ethereum, request);
      check(kind, leafOfHeader(ethereum.header), payload, ETHEREUM);
    },
  },
  {
    name: 'logs in the index',
    seeds: [`address=${toHex(TOKEN)}&topic=any&topic=${toHex(SLOTS[1] ?? TOKEN)}&from=5&to=9&limit=7`].map(
      utf8,
    ),
    maxBytes: 600,
    run(input) {
      const { from, to, ...logs } = ask(q.LogsQuery, query(input));
      const { addresses = [], topics = [] } = logsOf({ ...logs, from, to });
      if (addresses.length > 1000 || topics.length > 4) throw new Error('too much is asked');
    },
  },
  {
    name: 'outputs in the index',
    seeds: [utf8(`script=0014${'11'.repeat(20)}&unspent=true&limit=1`)],
    maxBytes: 600,
    run(input) {
      const { unspent: _, ...what } = ask(q.OutputsQuery, query(input));
      const script = scriptOf({ name: BITCOIN, kind: kindOf(ChainKindCode.bitcoin) }, what);
      if (script.length > 10_000) throw new Error('a long script');
    },
  },
  {
    name: 'steps of time',
    seeds: [utf8('from=0&to=1000&step=10')],
    maxBytes: 200,
    run(input) {
      const read = stepsOf(ask(q.StatisticsQuery, query(input)), 1_700_000_000);
      if (!(read.from < read.to && read.step >= 1)) throw new Error('no steps');
    },
  },
  {
    name: 'outpoint',
    seeds: [utf8(`${txid(1)}:0`), utf8(`${txid(1)}:4294967295`)],
    maxBytes: 200,
    run(input) {
      const { txid: id, vout } = outpointOf(
        { name: BITCOIN, kind: kindOf(ChainKindCode.bitcoin) },
        new TextDecoder().decode(input),
      );
      if (id.length !== 32 || !(vout >= 0 && vout <= 0xffff_ffff)) throw new Error('no outpoint');
    },
  },
];
