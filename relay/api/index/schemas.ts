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

export const Next = z
  .string()
  .nullable()
  .meta({ description: 'What `cursor` takes for the next page of the same view; null at the end' });

/** Blocks with contents in the index. */
export const Coverage = z
  .object({
    view: View,
    start: Integer64.nullable().meta({ description: 'First height of which the index has a header' }),
    tip: Integer64.nullable(),
    contents: z.object({
      from: Integer64.nullable().meta({ description: 'Lowest height whose contents are in the index' }),
      to: Integer64.nullable().meta({ description: 'Highest height whose contents are in the index' }),
      complete: z
        .boolean()
        .meta({ description: 'Whether no height from the beginning to the tip lacks contents' }),
      ranges: z.array(z.object({ from: Integer64, to: Integer64 })).meta({
        description: 'Heights with contents, upwards; the newest ranges where there are many',
      }),
    }),
    note: z.string().meta({ description: 'The same in words' }),
  })
  .meta({ id: 'Coverage' });

/** How much of the history an answer speaks of. */
export const Covered = z
  .object({
    from: Integer64.nullable(),
    to: Integer64.nullable(),
    complete: z.boolean(),
    note: z.string(),
  })
  .nullable()
  .meta({
    id: 'Covered',
    description:
      'Null where the index has the contents of every block of the view; else which heights it has',
  });

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

export const IndexMainBlock = z
  .object({
    height: Integer64,
    root: Bytes,
    parentRoot: Bytes,
    slot: Integer64,
    term: Integer64,
    producer: z.number().int(),
    time: Integer64.meta({ description: 'Beginning of its slot, Unix milliseconds' }),
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
  })
  .meta({ id: 'IndexCertificate' });

export const IndexEvidence = z
  .object({
    number: Integer64,
    kind: z.string(),
    source: z.string(),
    height: Integer64,
    hash: z.string(),
    message: z.string(),
    raw: Bytes.nullable().meta({ description: 'The header in question, where there is one' }),
    time: z.string().meta({ description: 'ISO 8601' }),
  })
  .meta({ id: 'IndexEvidence' });

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
