import * as z from 'zod';
import { MAX_PAGE, MAX_STEPS } from '../../../indexers/store/view.js';
import { BlockProofQuery, ChainPath } from '../schemas.js';

/** Questions to the index. Their limits are part of the API. */
/** Rows of one export. */
export const MAX_EXPORT = 1_000_000;
/** Heights of a search for logs that names neither an address nor a topic. */
export const MAX_BARE_RANGE = 10_000;
/** Bytes of a script that is asked for: Bitcoin Core's `MAX_SCRIPT_SIZE`, beyond which an output cannot be spent. */
export const MAX_SCRIPT = 10_000;

const number = (what: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be ${what}`)
    .transform(Number);
const Height = number('a height');
const Seconds = number('a time in Unix seconds');
const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const At = z.object({
  at: number('an event number').optional().meta({
    description:
      'Reads the chain as it was after this event; by default as it is now. `view.number` of an answer',
  }),
});
export const Paged = At.extend({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: z.string().min(1).max(1000).optional().meta({
    description:
      '`next` of the page before: goes on at the same view, with the rest of the question unchanged',
  }),
});
/** As `Paged`, without a view. */
export const Listed = Paged.omit({ at: true });

const earlier = (what: string, description: string) =>
  z.object({ at: number(what).optional().meta({ description }) });
/** For records of the main chain. */
export const MainListed = Listed.extend(
  earlier(
    'a height',
    'Reads them as they were when this main-chain block was the newest. `view.height` of an answer',
  ).shape,
);
/** For evidence. */
export const StreamListed = Listed.extend(
  earlier(
    'a position',
    'Reads them as they were at this position of the stream. `view.position` of an answer',
  ).shape,
);
/** For rows that many servers write. */
export const TimeListed = Listed.extend(
  earlier('a time', 'Unix milliseconds: leaves out what was written later. `view.time` of an answer').shape,
);

export const Range = {
  from: Height.optional().meta({ description: 'First height' }),
  to: Height.optional().meta({ description: 'Last height' }),
};
export const HeadersQuery = Paged.extend({
  ...Range,
  branches: Flag.default(false).meta({ description: 'Branches that lost as well' }),
});
export const OutputsQuery = Paged.extend({
  script: z
    .string()
    .max(2 * MAX_SCRIPT + 2)
    .regex(/^(0x)?([0-9a-fA-F]{2})*$/, 'must be hex')
    .optional()
    .meta({ description: 'Output script, hex' }),
  address: z.string().min(1).max(100).optional().meta({ description: 'Instead of the script' }),
  unspent: Flag.default(false).meta({ description: 'Only what is unspent in the view' }),
});
export const LogsQuery = Paged.extend({
  address: BlockProofQuery.shape.address.meta({ description: 'Contracts, joined by commas; by default any' }),
  topic: BlockProofQuery.shape.topic,
  ...Range,
});
export const ProofsQuery = TimeListed.extend({ chain: ChainPath.shape.chain.optional() });

const step = {
  from: Seconds.optional().meta({ description: 'Unix seconds; by default a day before `to`' }),
  to: Seconds.optional().meta({ description: 'Unix seconds, exclusive; by default now' }),
  step: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 32)
    .optional()
    .meta({
      description: `Seconds; by default what makes about a hundred steps. At most ${MAX_STEPS} steps`,
    }),
};
export const SeriesQuery = TimeListed.pick({ at: true }).extend(step);
export const StatisticsQuery = At.extend(step);

export const HashPath = ChainPath.extend({ hash: z.string().min(1).max(100) });
export const BlockPath = ChainPath.extend({
  block: z.string().min(1).max(100).meta({ description: 'Hash of a block, or a height of the best chain' }),
});
export const OutpointPath = ChainPath.extend({
  outpoint: z.string().min(1).max(100).meta({ description: 'Transaction and output, as txid:n' }),
});
export const AddressPath = ChainPath.extend({ address: z.string().min(1).max(100) });

/** Of an export: more rows, and pages of them are the server's own matter. */
export const Exported = Listed.extend({
  limit: z.coerce.number().int().min(1).max(MAX_EXPORT).default(100_000),
});
