import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { rawBlock, sampleTransactions } from '../../adapters/bitcoin/testing/samples.js';
import type { ForeignBlock } from '../../adapters/source.js';
import { decodeEvent, encodeEvent, eventOf } from '../../indexers/log/event.js';
import { type BlockRecord, blockCodec, evidenceCodec } from '../../indexers/log/records.js';
import type { StreamStep } from '../../indexers/log/streams.js';
import { evidenceEffect } from '../../indexers/sinks/evidenceSink.js';
import { mainEffect } from '../../indexers/sinks/mainSink.js';
import { bitcoinContents } from '../../indexers/store/contents/bitcoin.js';
import { ethereumContents } from '../../indexers/store/contents/ethereum.js';
import { SqlContents } from '../../indexers/store/contents/tables.js';
import { SqlSetWriter } from '../../indexers/store/setWriter.js';
import type { SqlClient } from '../../indexers/store/sql/client.js';
import { utf8 } from '../../proofs/bytes.js';
import { type Commitment, CommitmentType } from '../../proofs/containers/commitment.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { append, emptyHistory, historyRoot } from '../../proofs/history/history.js';
import { discardNodes } from '../../proofs/history/nodes.js';
import { sampleBlock } from '../fixtures/ethereum/blocks.js';
import { sampleHeader } from '../fixtures/ethereum/headers.js';
import { fakeGenesis } from '../support/indexers/fakeKind.js';
import type { FuzzTarget } from './harness.js';

const CHAIN = 'fuzz';

/** A ClickHouse that takes everything and has nothing. It looks at what would be sent. */
class Recorder implements SqlClient {
  inserted = 0;
  async command(): Promise<void> {}
  async query<T>(): Promise<T[]> {
    return [];
  }
  async insert(_table: string, columns: readonly string[], rows: Uint8Array): Promise<void> {
    if (columns.length === 0) throw new Error('no columns');
    this.inserted += rows.length;
  }
  cost(): undefined {
    return undefined;
  }
  async close(): Promise<void> {}
}

function writer(): { readonly client: Recorder; readonly set: SqlSetWriter } {
  const client = new Recorder();
  const of = { set: 1, database: 'crossroot_1', version: 1 };
  return { client, set: new SqlSetWriter(client, new SqlContents(client), of) };
}

/** One step of one value: it is written, or set aside with a reason. Neither stops the sink. */
async function oneStep(work: (set: SqlSetWriter, step: StreamStep) => Promise<void>): Promise<void> {
  const { client, set } = writer();
  const reasons: string[] = [];
  await work(set, { from: 0, next: 1, refuse: (_, reason) => reasons.push(reason) });
  if (client.inserted > 0 === reasons.length > 0) throw new Error('neither written nor set aside');
}

const commitment: Commitment = { ...CommitmentType.defaultValue(), size: 5, tipHeight: 9, status: 1 };
const noHeader = MainHeaderType.defaultValue();

/** A block's record that is what it says, around any commitment. */
function blockWith(commitments: readonly Commitment[], more: Partial<typeof noHeader> = {}): BlockRecord {
  const roots = commitments.map((one) => CommitmentType.hashTreeRoot(one));
  const indexRoot = historyRoot(append(emptyHistory(0), roots, discardNodes));
  const header = MainHeaderType.serialize({ ...noHeader, ...more, indexRoot });
  return { header, commitments, certificate: new Uint8Array() };
}

/** Through the log's own record: what cannot be read there is set aside before any sink sees it. */
function indexed(block: BlockRecord): Promise<void> {
  const record = blockCodec.encode(block);
  const read = blockCodec.decode(record);
  return oneStep((set, step) => mainEffect({ chainOf: () => undefined })(set, [read], step));
}

function deserialize<T>(type: { deserialize(bytes: Uint8Array): T }, input: Uint8Array): T {
  try {
    return type.deserialize(input);
  } catch (error) {
    throw new MalformedInputError('fuzz', 'is none', error);
  }
}

const event = { ...eventOf('connect', fakeGenesis), chain: CHAIN, number: 1, epoch: 1 };
const evidence = utf8(
  '{"kind":"source-fault","source":"http://a","height":5,"hash":"ab","message":"é \\u0000 \\ud800","raw":"00ff","seen":1700000000,"more":[]}',
);

const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
const bitcoin = rawBlock(genesis, sampleTransactions(6));
const ethereumHeader = sampleHeader(5, 1_700_000_000);
const { transactions: ethereum, receipts } = sampleBlock().bodies;

async function contents(block: ForeignBlock, build: typeof bitcoinContents | typeof ethereumContents) {
  const { client, set } = writer();
  await set.writeContents(CHAIN, [await build(event, block)]);
  if (client.inserted === 0) throw new Error('nothing was written');
}

/** What the index's sinks make of anything that their topics and sources may hold. */
export const indexTargets: readonly FuzzTarget[] = [
  {
    name: 'events into the index',
    seeds: [encodeEvent(event), encodeEvent({ ...event, type: 'disconnect', time: Number.MAX_SAFE_INTEGER })],
    async run(input) {
      const read = decodeEvent(input);
      const { client, set } = writer();
      await set.writeEvents(read.chain, [{ ...read, number: 1 }]);
      if (client.inserted === 0) throw new Error('nothing was written');
    },
  },
  {
    name: 'commitments into the index',
    seeds: [CommitmentType.serialize(commitment)],
    run: (input) => indexed(blockWith([deserialize(CommitmentType, input)])),
  },
  {
    name: 'main-chain blocks into the index',
    seeds: [MainHeaderType.serialize(noHeader), MainHeaderType.serialize({ ...noHeader, height: 1 })],
    run: (input) => indexed(blockWith([commitment], deserialize(MainHeaderType, input))),
  },
  {
    name: 'evidence into the index',
    seeds: [evidence],
    async run(input) {
      const read = evidenceCodec.decode(evidenceCodec.encode({ chain: CHAIN, evidence: input }));
      await oneStep((set, step) => evidenceEffect(set, [read], step));
    },
  },
  {
    name: 'Bitcoin blocks into the index',
    seeds: [bitcoin],
    run: (input) => contents({ header: genesis, transactionHashes: [], rawBlock: input }, bitcoinContents),
  },
  ...ethereum.map(
    (raw, i): FuzzTarget => ({
      name: `Ethereum transactions into the index, ${i}`,
      seeds: [raw],
      run: (input) =>
        contents(
          {
            header: ethereumHeader,
            transactionHashes: [],
            transactions: [input],
            receipts: [receipts[i] ?? raw],
          },
          ethereumContents,
        ),
    }),
  ),
  {
    name: 'Ethereum receipts into the index',
    seeds: receipts,
    run: (input) =>
      contents(
        {
          header: ethereumHeader,
          transactionHashes: [],
          transactions: [ethereum[0] ?? input, ethereum[0] ?? input],
          receipts: [receipts[0] ?? input, input],
        },
        ethereumContents,
      ),
  },
];
