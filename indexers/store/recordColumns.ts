import * as z from 'zod';
import { count, flag, hexBytes } from './columns.js';
import type {
  IndexedCertificate,
  IndexedCommitment,
  IndexedEvidence,
  IndexedMainBlock,
  LagStep,
  ServedProof,
  SourceStep,
} from './types.js';

const number = z.coerce.number();

export const mainBlockRow = z
  .object({
    height: count,
    root_text: hexBytes,
    parent_text: hexBytes,
    slot: count,
    term: count,
    producer: count,
    header_text: hexBytes,
  })
  .transform(
    ({ root_text, parent_text, header_text, ...row }): IndexedMainBlock => ({
      ...row,
      root: root_text,
      parentRoot: parent_text,
      header: header_text,
    }),
  );

export const commitmentRow = z
  .object({
    chain: z.string(),
    main_height: count,
    status: count,
    epoch: count,
    start: count,
    size: count,
    tip_height: count,
    reorg_count: count,
    policy_version: count,
    main_root_text: hexBytes,
    history_root_text: hexBytes,
    tip_hash_text: hexBytes,
  })
  .transform(
    (row): IndexedCommitment => ({
      chain: row.chain,
      mainHeight: row.main_height,
      mainRoot: row.main_root_text,
      status: row.status,
      epoch: row.epoch,
      start: row.start,
      size: row.size,
      historyRoot: row.history_root_text,
      tipHeight: row.tip_height,
      tipHash: row.tip_hash_text,
      reorgCount: row.reorg_count,
      policyVersion: row.policy_version,
    }),
  );

export const certificateRow = z
  .object({
    main_height: count,
    main_root_text: hexBytes,
    term: count,
    signers: count,
    bits_text: hexBytes,
    signature_text: hexBytes,
    verified: flag,
  })
  .transform(
    (row): IndexedCertificate => ({
      mainHeight: row.main_height,
      mainRoot: row.main_root_text,
      term: row.term,
      signers: row.signers,
      bits: row.bits_text,
      signature: row.signature_text,
      verified: row.verified,
    }),
  );

export const evidenceRow = z
  .object({
    chain: z.string(),
    seen: count,
    id_text: hexBytes,
    kind: z.enum(['invalid-header', 'source-fault', 'disagreement', 'finality-conflict']),
    source: z.string(),
    height: count,
    hash: z.string(),
    message: z.string(),
    raw: z.string(),
  })
  .transform(
    ({ id_text, raw, ...row }): IndexedEvidence => ({ ...row, id: id_text, ...(raw === '' ? {} : { raw }) }),
  );

export const proofRow = z
  .object({
    at: count,
    chain: z.string(),
    kind: z.string(),
    subject: z.string(),
    height: count,
    main_height: count,
    bytes: count,
    milliseconds: number,
  })
  .transform(({ at, main_height, ...row }): ServedProof => ({ ...row, mainHeight: main_height, time: at }));

/** `time` is the step's place in the series, from 0. */
export const sourceStepRow = z
  .object({
    source: z.string(),
    step: count,
    samples: count,
    healthy_share: number,
    mean_score: number,
    mean_latency: number,
    max_latency: number,
    tip: count.nullable(),
  })
  .transform(
    (row): SourceStep => ({
      source: row.source,
      time: row.step,
      samples: row.samples,
      healthy: row.healthy_share,
      score: row.mean_score,
      latencyMs: row.mean_latency,
      maxLatencyMs: row.max_latency,
      tipHeight: row.tip ?? undefined,
    }),
  );

/** `time` is the step's place in the series, from 0. */
export const lagStepRow = z
  .object({
    stream: z.string(),
    step: count,
    samples: count,
    mean_events: number,
    max_events: count,
    max_seconds: number,
  })
  .transform(
    (row): LagStep => ({
      stream: row.stream,
      time: row.step,
      samples: row.samples,
      events: row.mean_events,
      maxEvents: row.max_events,
      maxSeconds: row.max_seconds,
    }),
  );
