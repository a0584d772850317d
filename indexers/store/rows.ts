import { z } from 'zod';
import { fromHex, toBareHex } from '../../proofs/bytes.js';
import type { NumberedEvidence } from '../follow/evidence.js';
import type { ChainEvent } from '../log/event.js';
import type { IndexedCommitment, IndexedHeader, Reorganisation } from './former.js';

/** 64-bit numbers come as numbers or as strings, by the server's settings. */
const count = z.coerce.number().int().nonnegative();
const bytes = z.string().transform((text) => fromHex(text, 'index column'));

export const headerRow = z
  .object({
    height: count,
    time: count,
    canonical: count,
    number: count,
    hash_text: bytes,
    parent_text: bytes,
    raw_text: bytes,
  })
  .transform(
    (row): IndexedHeader => ({
      height: row.height,
      hash: row.hash_text,
      parentHash: row.parent_text,
      time: row.time,
      raw: row.raw_text,
      canonical: row.canonical === 1,
      number: row.number,
    }),
  );

export const reorganisationRow = z
  .object({ first: count, fork_height: count, depth: count, old_height: count, old_hash: bytes })
  .transform(
    (row): Reorganisation => ({
      number: row.first,
      forkHeight: row.fork_height,
      depth: row.depth,
      oldTipHeight: row.old_height,
      oldTipHash: row.old_hash,
    }),
  );

export const commitmentRow = z
  .object({
    main_height: count,
    status: count,
    epoch: count,
    start: count,
    size: count,
    tip_height: count,
    reorg_count: count,
    policy_version: count,
    main_root_text: bytes,
    history_root_text: bytes,
    tip_hash_text: bytes,
  })
  .transform(
    (row): IndexedCommitment => ({
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

export const evidenceRow = z
  .object({
    number: count,
    kind: z.enum(['invalid-header', 'source-fault', 'disagreement', 'finality-conflict']),
    source: z.string(),
    height: count,
    hash: z.string(),
    message: z.string(),
    raw: z.string(),
    seen: count,
  })
  .transform(({ raw, ...row }): NumberedEvidence => (raw === '' ? row : { ...row, raw }));

export const lastRow = z.object({ last: count });
export const countRow = z.object({ chain: z.string(), headers: count, best: count, top: count });
export const totalRow = z.object({ chain: z.string(), total: count });
export const topRow = z.object({ chain: z.string(), top: count });

/** A header's row after `event`: a connect marks it canonical, a disconnect unmarks it. */
export function headerValues(event: ChainEvent): Record<string, unknown> {
  return {
    chain: event.chain,
    height: event.height,
    time: event.time,
    canonical: event.type === 'connect' ? 1 : 0,
    number: event.number,
    hash_hex: toBareHex(event.hash),
    parent_hex: toBareHex(event.parentHash),
    raw_hex: toBareHex(event.raw),
  };
}

/** The row of a disconnect or a finalize. */
export function numberedValues(event: ChainEvent): Record<string, unknown> {
  const { chain, number, height, hash } = event;
  return { chain, number, height, hash_hex: toBareHex(hash) };
}

export function commitmentValues(chain: string, row: IndexedCommitment): Record<string, unknown> {
  return {
    chain,
    main_height: row.mainHeight,
    status: row.status,
    epoch: row.epoch,
    start: row.start,
    size: row.size,
    tip_height: row.tipHeight,
    reorg_count: row.reorgCount,
    policy_version: row.policyVersion,
    main_root_hex: toBareHex(row.mainRoot),
    history_root_hex: toBareHex(row.historyRoot),
    tip_hash_hex: toBareHex(row.tipHash),
  };
}

export function evidenceValues(chain: string, row: NumberedEvidence): Record<string, unknown> {
  return { chain, ...row, raw: row.raw ?? '' };
}
