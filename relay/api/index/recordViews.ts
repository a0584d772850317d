import type * as z from 'zod';
import type {
  ChainCounts,
  IndexedCertificate,
  IndexedCommitment,
  IndexedEvidence,
  IndexedMainBlock,
  LagStep,
  ServedProof as ServedProofRow,
  SourceStep,
} from '../../../indexers/store/indexStore.js';
import type { MainView, StreamView, TimeView } from '../../../indexers/store/view.js';
import { toHex } from '../../../proofs/bytes.js';
import { publicText } from '../../publicText.js';
import { statusName } from '../views.js';
import type { IndexAnswers } from './answers.js';
import * as s from './schemas.js';

/** At most two digits after the point: means of many samples are no more exact. */
const rounded = (value: number) => Math.round(value * 100) / 100;
const whole = (value: number | undefined) => (value === undefined ? null : String(value));

/** The main chain's view of a list; null before its first block. */
export const mainAt = {
  schema: s.MainView.nullable(),
  of: (view: MainView | undefined) =>
    view === undefined
      ? null
      : { height: String(view.height), root: toHex(view.root), certified: whole(view.certified) },
} as const;
export const streamAt = {
  schema: s.StreamView,
  of: ({ position }: StreamView) => ({ position: String(position) }),
} as const;
export const timeAt = { schema: s.TimeView, of: ({ time }: TimeView) => ({ time: String(time) }) } as const;

/** Whether the view vouches for a main-chain block. */
const isCertified = (height: number, at: MainView | undefined) =>
  at?.certified !== undefined && height <= at.certified;

export function mainBlockView(
  _: IndexAnswers,
  row: IndexedMainBlock,
  at: MainView | undefined,
): z.output<typeof s.IndexMainBlock> {
  return {
    height: String(row.height),
    root: toHex(row.root),
    parentRoot: toHex(row.parentRoot),
    slot: String(row.slot),
    term: String(row.term),
    producer: row.producer,
    header: toHex(row.header),
    certified: isCertified(row.height, at),
  };
}

export function certificateView(
  _: IndexAnswers,
  row: IndexedCertificate,
): z.output<typeof s.IndexCertificate> {
  return {
    mainHeight: String(row.mainHeight),
    mainRoot: toHex(row.mainRoot),
    term: String(row.term),
    signers: row.signers,
    bits: toHex(row.bits),
    signature: toHex(row.signature),
    verified: row.verified,
  };
}

export function commitmentView(
  answers: IndexAnswers,
  row: IndexedCommitment,
  at: MainView | undefined,
): z.output<typeof s.IndexCommitment> {
  return {
    mainHeight: String(row.mainHeight),
    mainRoot: toHex(row.mainRoot),
    status: statusName(row.status),
    epoch: String(row.epoch),
    start: String(row.start),
    size: String(row.size),
    historyRoot: toHex(row.historyRoot),
    tip: {
      height: String(row.tipHeight),
      hash: answers.chain(row.chain).kind.displayHash(row.tipHash),
    },
    reorgCount: String(row.reorgCount),
    policyVersion: row.policyVersion,
    certified: isCertified(row.mainHeight, at),
  };
}

export function evidenceView(_: IndexAnswers, row: IndexedEvidence): z.output<typeof s.IndexEvidence> {
  const { kind, source, hash, message, raw } = row;
  return {
    id: toHex(row.id),
    kind,
    source: publicText(source),
    height: String(row.height),
    hash,
    message: publicText(message),
    raw: raw === undefined ? null : `0x${raw}`,
    time: new Date(row.seen * 1000).toISOString(),
  };
}

export function servedView(_: IndexAnswers, row: ServedProofRow): z.output<typeof s.ServedProof> {
  const { chain, kind, subject, milliseconds } = row;
  return {
    time: new Date(row.time).toISOString(),
    chain,
    kind,
    subject,
    height: String(row.height),
    mainHeight: String(row.mainHeight),
    bytes: String(row.bytes),
    milliseconds,
  };
}

export function sourceView(row: SourceStep): z.output<typeof s.SourceStep> {
  return {
    source: publicText(row.source),
    time: String(row.time),
    samples: String(row.samples),
    healthy: rounded(row.healthy),
    score: rounded(row.score),
    latencyMs: rounded(row.latencyMs),
    maxLatencyMs: rounded(row.maxLatencyMs),
    tipHeight: whole(row.tipHeight),
  };
}

export function lagView(row: LagStep): z.output<typeof s.LagStep> {
  return {
    stream: row.stream,
    time: String(row.time),
    samples: String(row.samples),
    events: rounded(row.events),
    maxEvents: String(row.maxEvents),
    maxSeconds: rounded(row.maxSeconds),
  };
}

export function countsView(row: ChainCounts): z.output<typeof s.IndexCounts> {
  return {
    chain: row.chain,
    headers: String(row.headers),
    canonical: String(row.canonical),
    reorganisations: String(row.reorganisations),
    commitments: String(row.commitments),
    height: whole(row.height),
    finalizedHeight: whole(row.finalizedHeight),
    number: String(row.number),
  };
}
