import { z } from 'zod';
import { sha256 } from '../../proofs/hash/hasher.js';
import type { EvidenceRecord } from '../log/records.js';
import type { IndexedEvidence } from '../store/indexStore.js';
import type { SetEffect } from './streamSink.js';

/** Name of the position in the stream of evidence. */
export const EVIDENCE_STREAM = 'evidence';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const text = z.string().max(65_536);
/** The last second that has a date (ECMA-262, section 21.4.1.1): answers tell it as one. */
const LAST_SECOND = 8_640_000_000_000;

/** What of the evidence in a record is indexed; other fields may follow. */
const EvidenceSchema = z.object({
  kind: z.enum(['invalid-header', 'source-fault', 'disagreement', 'finality-conflict']),
  source: text,
  height: count,
  hash: text,
  message: text,
  raw: z
    .string()
    .regex(/^([0-9a-f]{2})*$/)
    .optional(),
  seen: z.number().int().min(0).max(LAST_SECOND),
});

/** Evidence into the index; the same of the same chain is one row. What has another form is set aside. */
export const evidenceEffect: SetEffect<EvidenceRecord> = async (writer, values, step) => {
  const rows: IndexedEvidence[] = [];
  for (const [i, value] of values.entries()) {
    const row = evidenceRow(value);
    if (typeof row === 'string') step.refuse(i, row);
    else rows.push(row);
  }
  if (rows.length > 0) await writer.writeEvidence(rows, step.next);
};

/** @returns why it is none, otherwise */
function evidenceRow({ chain, evidence }: EvidenceRecord): IndexedEvidence | string {
  const parsed = EvidenceSchema.safeParse(JSON.parse(new TextDecoder().decode(evidence)));
  if (!parsed.success) return `it is no evidence: ${z.prettifyError(parsed.error)}`;
  const { raw, ...rest } = parsed.data;
  return { chain, id: sha256(evidence), ...rest, ...(raw === undefined ? {} : { raw }) };
}
