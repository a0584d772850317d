import * as z from 'zod';
import { count, flag, hexBytes } from '../columns.js';
import { scriptKinds } from './types.js';

/** Rows as queries.ts selects them: hexBytes as bare hex, numbers beyond 2^53 as decimal text. */

const integer = z.string().transform((text) => BigInt(text));

const place = { height: count, number: count, position: count };
const canonical = flag.optional();
/** Rows before the page was cut to its bytes. */
const found = count.optional();

export const numberRow = z.object({ number: count });
export const kindRow = z.object({ kind: z.enum(['bitcoin', 'ethereum']) });
export const blockRow = z.object({ number: count, height: count, hash_text: hexBytes, time: count });
export const foundBlockRow = z.object({
  number: count,
  height: count,
  time: count,
  kind: z.enum(['bitcoin', 'ethereum']),
  canonical: flag,
});
export const placeRow = z.object(place);
export const logPlaceRow = z.object({ height: count, number: count, block_log_index: count });

export const bitcoinRow = z.object({
  ...place,
  canonical,
  found,
  hash_text: hexBytes,
  wtxid_text: hexBytes,
  version: z.number(),
  lock_time: count,
  coinbase: flag,
  weight: count,
  inputs: count,
  outputs: count,
  value_text: integer,
  raw_text: hexBytes,
});

const ethereumParties = {
  hash_text: hexBytes,
  type: count,
  known_sender: flag,
  sender_text: hexBytes,
  creates: flag,
  recipient_text: hexBytes,
  created_text: hexBytes,
  price_text: integer,
};

export const ethereumRow = z.object({
  ...place,
  ...ethereumParties,
  canonical,
  found,
  nonce_text: integer,
  value_text: integer,
  gas_text: integer,
  max_fee_text: integer,
  max_tip_text: integer,
  max_blob_fee_text: integer.nullable(),
  raw_text: hexBytes,
});

export const receiptRow = z.object({
  ...place,
  ...ethereumParties,
  canonical,
  succeeded: flag.nullable(),
  state_root_text: hexBytes,
  gas_used_text: integer,
  cumulative_gas_used_text: integer,
  logs: count,
});

/** One of an output's rows: the output's own, or one that only names a spend and has no txid. */
export const coinRow = z.object({
  ...place,
  vout: count,
  hash_text: hexBytes,
  value_text: integer,
  kind: z.enum(scriptKinds),
  coinbase: flag,
  /** Whether it has the script that was asked for; another may have the same key. */
  fits: flag,
  spend_numbers: z.array(count),
  spend_vins: z.array(count),
  spend_texts: z.array(hexBytes),
});

export const spendRow = z.object({
  ...place,
  vin: count,
  hash_text: hexBytes,
  canonical: flag,
});

export const rawRow = z.object({ ...place, raw_text: hexBytes });

export const logRow = z.object({
  ...place,
  found,
  log_index: count,
  block_log_index: count,
  hash_text: hexBytes,
  address_text: hexBytes,
  topics: count,
  topic_texts: z.array(hexBytes),
  data_text: hexBytes,
});

export const statisticsRow = z.object({
  begin: count,
  block_count: count,
  transaction_count: count,
  input_count: count,
  output_count: count,
  log_count: count,
  value_text: integer,
  byte_count: count,
  weight_count: count,
  gas_used_text: integer,
});

export type BitcoinRow = z.infer<typeof bitcoinRow>;
export type EthereumRow = z.infer<typeof ethereumRow>;
export type BlockRow = z.infer<typeof blockRow>;
export type CoinRow = z.infer<typeof coinRow>;
export type LogRow = z.infer<typeof logRow>;
export type ReceiptRow = z.infer<typeof receiptRow>;
