import * as z from 'zod';
import { Bytes, ForeignHash, Integer64 } from '../schemas.js';

/** Shapes of what the index answers about headers and main-chain records. Contents of blocks are in `contents.ts`. */
export const View = z
  .object({
    chain: z.string(),
    number: Integer64.meta({ description: 'Event number: what `at` takes to read the same state again' }),
    height: Integer64.meta({ description: 'Best chain after that event' }),
    hash: ForeignHash,
  })
  .meta({ id: 'View', description: 'The one state of a chain that an answer is of' });

/** What records are read at: none of them belongs to a foreign chain's events. */
export const MainView = z
  .object({
    height: Integer64.meta({
      description: 'Newest main-chain block that is in: what `at` takes to read the same again',
    }),
    root: Bytes,
    certified: Integer64.nullable().meta({
      description:
        'Height up to which the main chain is certified: of the newest block whose certificate the index has checked; null where none was',
    }),
  })
  .meta({ id: 'MainView', description: 'The main chain as far as the answer goes' });
export const StreamView = z
  .object({
    position: Integer64.meta({
      description: 'Records of the stream of evidence that are in: what `at` takes to read the same again',
    }),
  })
  .meta({ id: 'StreamView', description: 'The stream of evidence as far as the answer goes' });
export const TimeView = z
  .object({
    time: Integer64.meta({
      description:
        'Unix milliseconds; rows that were written later are left out: what `at` takes to read the same again',
    }),
  })
  .meta({ id: 'TimeView', description: 'When the answer was read' });

export const Next = z
  .string()
  .nullable()
  .meta({ description: 'What `cursor` takes for the next page of the same view; null at the end' });

export const Seconds = Integer64.meta({ description: 'Unix seconds' });

const contents = {
  from: Integer64.nullable().meta({ description: 'Lowest height whose contents are in the index' }),
  to: Integer64.nullable().meta({ description: 'Highest such height' }),
  complete: z.boolean().meta({ description: 'Whether no height of the best chain lacks contents' }),
};
const note = z.string().meta({ description: 'The same in words' });

/** How much of the history has contents. */
export const Contents = z.object({ ...contents, note }).meta({ id: 'Contents' });
export const Covered = Contents.nullable().meta({
  description: 'Null where the index has the contents of every block; else which heights it has',
});

export const Coverage = z
  .object({
    view: View,
    start: Integer64.nullable().meta({ description: 'First height of which the index has a header' }),
    contents: z.object({
      ...contents,
      ranges: z
        .array(z.object({ from: Integer64, to: Integer64 }))
        .meta({ description: 'Heights with contents, upwards; the newest where there are very many' }),
    }),
    note,
  })
  .meta({ id: 'Coverage' });

export const IndexHeader = z
  .object({
    height: Integer64,
    hash: ForeignHash,
    parentHash: ForeignHash,
    time: Integer64.meta({ description: 'Unix seconds' }),
    canonical: z.boolean().meta({ description: 'Whether it is on the best chain of the view' }),
    number: Integer64.meta({ description: 'Newest event about it in the view' }),
    raw: Bytes,
  })
  .meta({ id: 'IndexHeader' });

export const IndexReorganisation = z
  .object({
    number: Integer64.meta({ description: 'Event number of the first block undone' }),
    forkHeight: Integer64.meta({ description: 'Last height that both branches share' }),
    depth: z.number().int().meta({ description: 'Blocks undone' }),
    oldTip: z.object({ height: Integer64, hash: ForeignHash }),
  })
  .meta({ id: 'IndexReorganisation' });

const certified = z
  .boolean()
  .meta({ description: 'Whether a certificate that the index has checked vouches for the main-chain block' });

export const IndexMainBlock = z
  .object({
    height: Integer64,
    root: Bytes,
    parentRoot: Bytes,
    slot: Integer64,
    term: Integer64,
    producer: z.number().int(),
    header: Bytes.meta({ description: 'SSZ' }),
    certified,
  })
  .meta({ id: 'IndexMainBlock', description: 'A finalised main-chain block' });

export const IndexCommitment = z
  .object({
    mainHeight: Integer64,
    mainRoot: Bytes,
    status: z.enum(['active', 'paused']),
    epoch: Integer64,
    start: Integer64,
    size: Integer64,
    historyRoot: Bytes,
    tip: z.object({ height: Integer64, hash: ForeignHash }),
    reorgCount: Integer64,
    policyVersion: z.number().int(),
    certified,
  })
  .meta({ id: 'IndexCommitment' });

export const IndexCertificate = z
  .object({
    mainHeight: Integer64,
    mainRoot: Bytes,
    term: Integer64,
    signers: z.number().int(),
    bits: Bytes.meta({ description: 'Who signed, as SSZ bits of the delegate set' }),
    signature: Bytes,
    verified: z.boolean().meta({
      description:
        'Whether a quorum of the delegates of its term signed it; false where those delegates were not to be had',
    }),
  })
  .meta({ id: 'IndexCertificate' });

export const IndexEvidence = z
  .object({
    id: Bytes.meta({ description: 'SHA-256 of what it says: the same evidence is one row, whoever saw it' }),
    kind: z.string(),
    source: z.string(),
    height: Integer64,
    hash: z.string(),
    message: z.string(),
    raw: Bytes.nullable().meta({ description: 'The header in question, where there is one' }),
    time: z.string().meta({ description: 'ISO 8601' }),
  })
  .meta({ id: 'IndexEvidence' });

const share = z.number().min(0).max(1);
export const SourceStep = z
  .object({
    source: z.string(),
    time: Integer64.meta({ description: 'Begin of the step, Unix seconds' }),
    samples: Integer64,
    healthy: share.meta({ description: 'Share of samples that were healthy' }),
    score: z.number().meta({ description: 'Mean, 0 to 100' }),
    latencyMs: z.number(),
    maxLatencyMs: z.number(),
    tipHeight: Integer64.nullable(),
  })
  .meta({ id: 'SourceStep' });

export const LagStep = z
  .object({
    stream: z.string().meta({ description: 'What lags: headers, contents, backfill; main, evidence' }),
    time: Integer64.meta({ description: 'Begin of the step, Unix seconds' }),
    samples: Integer64,
    events: z.number().meta({ description: 'Events or records not done yet, mean' }),
    maxEvents: Integer64,
    maxSeconds: z
      .number()
      .meta({ description: 'Seconds since the oldest of them was written into the log, greatest' }),
  })
  .meta({ id: 'LagStep' });

export const IndexCounts = z
  .object({
    chain: z.string(),
    headers: Integer64.meta({ description: 'Of every branch' }),
    canonical: Integer64,
    reorganisations: Integer64,
    commitments: Integer64,
    height: Integer64.nullable(),
    finalizedHeight: Integer64.nullable(),
    number: Integer64.meta({ description: 'Event after which it was counted; of commitments all there are' }),
  })
  .meta({ id: 'IndexCounts' });

export const IndexOverview = z
  .object({
    chain: z.string(),
    kind: z.string(),
    view: View,
    headers: Integer64,
    canonical: Integer64,
    transactions: Integer64.meta({ description: 'On the best chain, as are the next two' }),
    outputs: Integer64,
    logs: Integer64,
    contents: Contents,
    lag: z
      .array(z.object({ stream: z.string(), events: z.number(), seconds: z.number() }))
      .meta({ description: 'Of each stream, mean and greatest of the last minute' }),
    reorganisations: z.object({ count: Integer64, latest: z.array(IndexReorganisation) }),
  })
  .meta({ id: 'IndexOverview', description: 'What the page shows of a chain' });

export const Found = z
  .object({
    type: z.enum(['transaction', 'block', 'address', 'script']),
    path: z.string().meta({ description: 'Where the answer is' }),
  })
  .meta({ id: 'Found' });

export const ServedProof = z
  .object({
    time: z.string().meta({ description: 'ISO 8601' }),
    chain: z.string(),
    kind: z.string(),
    subject: z.string(),
    height: Integer64,
    mainHeight: Integer64,
    bytes: Integer64,
    milliseconds: z.number(),
  })
  .meta({ id: 'ServedProof' });
