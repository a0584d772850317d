import { clockOf } from './recordViews.js';
import type { SqlClient } from './sql/client.js';
import { RowWriter } from './sql/rowBinary.js';
import type { IndexedEvidence, LagSample, MainBlockContents, ServedProof, SourceSample } from './types.js';

/** Longest subject of a proof served that is kept: a key of pages. */
const MAX_SUBJECT = 200;

/** Writes of what stands by itself, each into one table of `database`. */
export const writeRecords = {
  /** Commitments and certificates before their block. */
  async mainBlocks(client: SqlClient, database: string, all: readonly MainBlockContents[]): Promise<void> {
    const commitments = new RowWriter();
    const certificates = new RowWriter();
    const blocks = new RowWriter();
    for (const { block, commitments: list, certificate } of all) {
      for (const row of list)
        commitments
          .text(row.chain)
          .uint64(row.mainHeight)
          .fixed(row.mainRoot, 32)
          .uint8(row.status)
          .uint64(row.epoch)
          .uint64(row.start)
          .uint64(row.size)
          .fixed(row.historyRoot, 32)
          .uint64(row.tipHeight)
          .fixed(row.tipHash, 32)
          .uint64(row.reorgCount)
          .uint32(row.policyVersion)
          .endRow();
      if (certificate !== undefined)
        certificates
          .uint64(certificate.mainHeight)
          .fixed(certificate.mainRoot, 32)
          .uint64(certificate.term)
          .uint16(certificate.signers)
          .bytes(certificate.bits)
          .bytes(certificate.signature)
          .bool(certificate.verified)
          .endRow();
      blocks
        .uint64(block.height)
        .fixed(block.root, 32)
        .fixed(block.parentRoot, 32)
        .uint64(block.slot)
        .uint64(block.term)
        .uint32(block.producer)
        .bytes(block.header)
        .uint32(new Set(list.map(({ chain }) => chain)).size)
        .bool(certificate !== undefined)
        .endRow();
    }
    await client.insert(`${database}.commitments`, COMMITMENT_COLUMNS, commitments.take());
    await client.insert(`${database}.certificates`, CERTIFICATE_COLUMNS, certificates.take());
    await client.insert(`${database}.main_blocks`, MAIN_BLOCK_COLUMNS, blocks.take());
  },

  /** @param position of the stream after them */
  async evidence(
    client: SqlClient,
    database: string,
    all: readonly IndexedEvidence[],
    position: number,
  ): Promise<void> {
    const rows = new RowWriter();
    for (const row of all)
      rows
        .text(row.chain)
        .uint64(row.seen)
        .fixed(row.id, 32)
        .text(row.kind)
        .text(row.source)
        .uint64(row.height)
        .text(row.hash)
        .text(row.message)
        .text(row.raw ?? '')
        .uint64(position)
        .endRow();
    const columns = ['chain', 'seen', 'id', 'kind', 'source', 'height', 'hash', 'message', 'raw', 'position'];
    await client.insert(`${database}.evidence`, columns, rows.take());
  },

  async sourceSamples(client: SqlClient, database: string, all: readonly SourceSample[]): Promise<void> {
    const rows = new RowWriter();
    const written = await clockOf(client);
    for (const row of all)
      rows
        .text(row.chain)
        .int64(Math.floor(row.time))
        .text(row.source)
        .bool(row.healthy)
        .float64(row.score)
        .float64(row.latencyMs)
        .uint64(row.errors)
        .nullable(row.tipHeight, (height) => rows.uint64(height))
        .int64(written)
        .endRow();
    const columns = [
      'chain',
      'time',
      'source',
      'healthy',
      'score',
      'latency_ms',
      'errors',
      'tip_height',
      'written',
    ];
    await client.insert(`${database}.source_samples`, columns, rows.take());
  },

  async lagSamples(client: SqlClient, database: string, all: readonly LagSample[]): Promise<void> {
    const rows = new RowWriter();
    const written = await clockOf(client);
    for (const row of all)
      rows
        .text(row.chain)
        .int64(Math.floor(row.time))
        .text(row.stream)
        .uint64(row.events)
        .float64(row.seconds)
        .int64(written)
        .endRow();
    await client.insert(
      `${database}.lag_samples`,
      ['chain', 'time', 'stream', 'events', 'seconds', 'written'],
      rows.take(),
    );
  },

  async proofs(client: SqlClient, database: string, all: readonly ServedProof[]): Promise<void> {
    const rows = new RowWriter();
    const written = await clockOf(client);
    for (const row of all)
      rows
        .int64(Math.floor(row.time))
        .text(row.chain)
        .text(row.kind)
        .text(row.subject.slice(0, MAX_SUBJECT))
        .uint64(row.height)
        .uint64(row.mainHeight)
        .uint64(row.bytes)
        .float64(row.milliseconds)
        .int64(written)
        .endRow();
    const columns = [
      'time',
      'chain',
      'kind',
      'subject',
      'height',
      'main_height',
      'bytes',
      'milliseconds',
      'written',
    ];
    await client.insert(`${database}.proofs_served`, columns, rows.take());
  },
} as const;

const COMMITMENT_COLUMNS = [
  'chain',
  'main_height',
  'main_root',
  'status',
  'epoch',
  'start',
  'size',
  'history_root',
  'tip_height',
  'tip_hash',
  'reorg_count',
  'policy_version',
];
const CERTIFICATE_COLUMNS = ['main_height', 'main_root', 'term', 'signers', 'bits', 'signature', 'verified'];
const MAIN_BLOCK_COLUMNS = [
  ...['height', 'root', 'parent_root', 'slot', 'term', 'producer', 'header', 'commitments', 'certificates'],
];
