import * as z from 'zod';

/** Shapes of the API's answers and questions. Integers of 64 bits are decimal strings; foreign hashes are as users write them. */
export const Integer64 = z
  .string()
  .regex(/^\d+$/)
  .meta({ id: 'Integer64', description: '64-bit or larger integer, decimal', example: '831328' });
export const Bytes = z
  .string()
  .regex(/^0x[0-9a-f]*$/)
  .meta({ id: 'Bytes', description: 'Lower-case hex with 0x', example: '0x00' });
export const ForeignHash = z
  .string()
  .min(1)
  .meta({ id: 'ForeignHash', description: "A foreign chain's hash in the order its own users read" });

export const ErrorBody = z
  .object({
    error: z.looseObject({
      name: z.string(),
      message: z.string(),
      retryable: z.boolean(),
      hint: z.string().optional(),
    }),
  })
  .meta({ id: 'Error' });

export const Tip = z.object({ height: Integer64, hash: ForeignHash }).meta({ id: 'Tip' });

export const Submission = z
  .object({
    state: z.enum(['submitted', 'idle', 'paused', 'error', 'starting']),
    message: z.string(),
    time: z.string().optional(),
  })
  .meta({ id: 'Submission', description: 'What the relay did last for this chain' });

export const LightClient = z
  .object({
    trustedBlockRoot: Bytes.meta({ description: 'Root of the beacon block at which the trust begins' }),
    slot: Integer64.nullable().meta({ description: 'Of the newest beacon block known to be final' }),
    period: Integer64.nullable().meta({ description: 'Sync committee period of that slot' }),
    final: Tip.nullable().meta({ description: 'Execution block in it' }),
    pending: Tip.nullable().meta({ description: 'Header waited for on the way down to the accepted tip' }),
  })
  .meta({
    id: 'LightClient',
    description: 'Of a chain followed by sync committee: as the main chain has it',
  });

export const Chain = z
  .object({
    name: z.string(),
    kind: z.string(),
    assurance: z.string(),
    status: z.enum(['unregistered', 'active', 'paused']),
    source: z.object({ name: z.string(), healthy: z.boolean(), problem: z.string().optional() }),
    local: Tip.nullable(),
    specRoot: Bytes.nullable(),
    policy: z.string(),
    policyVersion: z.number().int().nullable(),
    rulesVersion: z.number().int(),
    start: Integer64,
    size: Integer64.nullable(),
    epoch: Integer64.nullable(),
    historyRoot: Bytes.nullable(),
    accepted: Tip.extend({ work: Integer64 })
      .nullable()
      .meta({ description: "Tip of the main chain's best branch" }),
    committed: Tip.nullable(),
    finalized: z
      .object({ height: Integer64, mainHeight: Integer64 })
      .nullable()
      .meta({ description: 'Newest leaf under the finalised main-chain header' }),
    reorganisations: z.number().int(),
    lightClient: LightClient.nullable(),
    submission: Submission.nullable().meta({ description: 'Null where this server submits nothing' }),
  })
  .meta({ id: 'Chain' });

export const Header = z
  .object({
    height: Integer64,
    hash: ForeignHash,
    parentHash: ForeignHash,
    transactionsRoot: Bytes,
    receiptsRoot: Bytes,
    stateRoot: Bytes,
    time: Integer64.meta({ description: 'Unix seconds' }),
    raw: Bytes,
  })
  .meta({ id: 'Header', description: 'Roots are in internal byte order' });

export const HeaderDetail = Header.extend({
  state: z.enum(['stale', 'local', 'accepted', 'committed', 'finalized']),
  depth: Integer64.nullable().meta({
    description: 'Local best-chain blocks above it; null on a branch that lost',
  }),
  reorganisations: z
    .array(z.number().int())
    .meta({ description: 'Recorded reorganisations that truncated this height' }),
}).meta({ id: 'HeaderDetail' });

export const Reorganisation = z
  .object({
    index: z.number().int(),
    forkHeight: Integer64,
    epoch: Integer64,
    oldSize: Integer64,
    oldRoot: Bytes,
    oldTip: Tip,
    newTip: Tip,
    mainHeight: Integer64,
    proof: z.string().meta({ description: 'Path of its proof' }),
  })
  .meta({ id: 'Reorganisation' });

export const Next = z
  .string()
  .nullable()
  .meta({ description: 'What `cursor` takes for the next page; null at the end' });

export const BlockReference = z.object({ height: Integer64, root: Bytes }).meta({ id: 'BlockReference' });

export const MainHeader = z
  .object({
    root: Bytes,
    height: Integer64,
    slot: Integer64,
    time: z.string().meta({ description: 'Beginning of its slot, ISO 8601' }),
    term: Integer64,
    round: Integer64,
    position: z.number().int(),
    producer: z.number().int(),
    parentRoot: Bytes,
    transactionsRoot: Bytes,
    receiptsRoot: Bytes,
    stateRoot: Bytes,
    indexRoot: Bytes,
    historyRoot: Bytes,
    setRoot: Bytes,
    nextSetRoot: Bytes,
    certificateRoot: Bytes,
    extra: Bytes,
    finalized: z.boolean(),
  })
  .meta({ id: 'MainHeader' });

export const Finality = z
  .object({
    genesisRoot: Bytes,
    head: BlockReference.extend({ slot: Integer64 }),
    justified: BlockReference,
    finalized: BlockReference,
    term: Integer64,
    setRoot: Bytes,
    delegates: z.number().int(),
    peers: z.number().int(),
    pool: z.number().int(),
    certificate: z
      .object({ term: Integer64, target: BlockReference, signers: z.number().int(), signature: Bytes })
      .nullable(),
  })
  .meta({ id: 'Finality' });

export const Commitments = z
  .object({
    header: MainHeader,
    commitments: z.array(
      z.object({
        chain: z
          .string()
          .nullable()
          .meta({ description: 'null for a chain this relay is not configured for' }),
        specRoot: Bytes,
        status: z.enum(['active', 'paused']),
        epoch: Integer64,
        start: Integer64,
        size: Integer64,
        historyRoot: Bytes,
        tip: Tip,
        reorgRoot: Bytes,
        reorgCount: Integer64,
        policyVersion: z.number().int(),
      }),
    ),
  })
  .meta({ id: 'Commitments' });

export const RecentProof = z
  .object({
    chain: z.string(),
    kind: z.string(),
    subject: z.string(),
    height: Integer64,
    mainHeight: Integer64,
    bytes: z.number().int(),
    milliseconds: z.number(),
    time: z.string(),
    path: z.string(),
  })
  .meta({ id: 'RecentProof' });

export const Status = z
  .object({
    version: z.string(),
    ready: z.boolean(),
    problems: z.array(z.string()),
    operator: z
      .object({ account: Bytes, balance: Integer64.nullable() })
      .nullable()
      .meta({ description: 'Null where this server submits nothing' }),
    main: Finality.nullable(),
    chains: z.array(Chain),
    proofs: z.array(RecentProof),
    evidence: z.array(
      z.object({ time: z.string(), chain: z.string(), node: z.string(), message: z.string() }),
    ),
  })
  .meta({ id: 'Status' });

export const Readiness = z
  .object({
    ready: z.boolean(),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string() })),
  })
  .meta({ id: 'Readiness' });

export const Verdict = z
  .looseObject({ valid: z.literal(true), kind: z.string(), chain: z.string() })
  .meta({ id: 'Verdict', description: 'What was proven; bytes as hex, integers as decimal strings' });

// --- questions

export const ChainPath = z.object({ chain: z.string().min(1).max(64) });
const Height = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a height')
  .transform(Number);
export const Cursor = z
  .string()
  .min(1)
  .max(1000)
  .meta({ description: '`next` of the page before: goes on there, with the rest of the question unchanged' });
export const PageQuery = z.object({
  from: Height.optional().meta({ description: 'First height; by default the newest page' }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
/** Reorganisations that the main chain recorded. */
export const ReorgsQuery = PageQuery.pick({ limit: true }).extend({ cursor: Cursor.optional() });
const Also = z
  .string()
  .max(200 * 67)
  .transform((text) => text.split(','))
  .pipe(z.array(z.string().min(1).max(100)).max(200))
  .meta({ description: 'Further transactions of the same block, joined by commas, at most 200' });
const Part = z.coerce.number().int().min(0).max(1_000_000);
export const BranchQuery = z.object({
  format: z
    .string()
    .max(32)
    .default('esplora')
    .meta({ description: 'Bitcoin: txoutproof (hex), esplora, electrum (JSON)', example: 'esplora' }),
  also: Also.optional(),
});
export const ProofQuery = z.object({
  kind: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be the name of a kind of proof')
    .default('tx')
    .meta({
      description:
        'What to prove. Bitcoin: tx, txs, witness, output, spend, data. Ethereum: tx, txs, receipt, log, block-log.',
      example: 'tx',
    }),
  part: z.string().max(20).optional().meta({
    description:
      'For kind txs of Ethereum: what of the transaction in the path, receipt or log:N; those of `also` are written HASH:receipt, HASH:log:N',
  }),
  log: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .meta({ description: 'For kinds log and block-log: index within the transaction' }),
  also: Also.optional(),
  output: Part.optional().meta({
    description:
      'For kinds output and data: number of the output; for data by default the first that carries any',
  }),
  address: z.string().min(1).max(100).optional().meta({
    description: 'For kind output instead of its number: the address that exactly one output pays to',
  }),
  input: Part.optional().meta({ description: 'For kind spend: number of the input' }),
  outpoint: z
    .string()
    .max(100)
    .optional()
    .meta({ description: 'For kind spend instead of the input: the output that is spent, as txid:n' }),
  format: z.enum(['json', 'ssz']).default('json'),
  from_term: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'First term whose hand-over to include' }),
});
/** A parameter that may be repeated. */
const many = (most: number, longest: number) =>
  z
    .union([z.string().max(longest), z.array(z.string().max(longest)).max(most)])
    .transform((value) => (typeof value === 'string' ? [value] : value));
const Slots = many(1024, 78).meta({ description: 'Storage slots: numbers, decimal or hex; may be repeated' });
export const BlockPath = ChainPath.extend({
  block: z.string().min(1).max(100).meta({
    description: 'Height or hash of a block, or latest: the newest one that is provable',
    example: 'latest',
  }),
});
export const BlockProofQuery = z.object({
  kind: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be the name of a kind of proof')
    .meta({
      description: 'What to prove. Ethereum: account, storage, code, withdrawal, count, logs.',
      example: 'account',
    }),
  address: z
    .string()
    .min(1)
    .max(256 * 43)
    .optional()
    .meta({
      description:
        'The account; for kinds account and logs several, joined by commas; for logs by default any',
    }),
  slot: Slots.optional(),
  topic: many(4, 64 * 67)
    .optional()
    .meta({
      description:
        'For kind logs, place by place as in eth_getLogs: any, or alternatives joined by commas; repeated for the next place',
    }),
  from_block: Height.optional().meta({
    description: 'For kind logs: first block of a range that ends with the block in the path',
  }),
  withdrawal: Part.optional().meta({ description: 'For kind withdrawal: its place in the block, from 0' }),
  list: z.enum(['transactions', 'withdrawals']).optional().meta({ description: 'For kind count' }),
  format: z.enum(['json', 'ssz']).default('json'),
  from_term: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'First term whose hand-over to include' }),
});
export const StateQuery = z.object({
  format: z.string().max(32).default('eip1186').meta({ description: 'Ethereum: eip1186' }),
  address: z.string().min(1).max(100),
  slot: Slots.optional(),
});
export const ImportQuery = z.object({
  form: z.string().max(32).default('eip1186').meta({ description: 'Form of the body. Ethereum: eip1186' }),
  format: z.enum(['json', 'ssz']).default('json'),
  from_term: BlockProofQuery.shape.from_term,
});
export const FormatQuery = z.object({ format: z.enum(['json', 'ssz']).default('json') });
export const VerifyQuery = z.object({
  as_of: z.enum(['true', 'false']).default('false'),
  min_main_height: Height.optional(),
  block_hash: z.string().max(130).optional(),
});
