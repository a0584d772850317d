import { concatBytes } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { listOf } from '../rlp/read.js';
import { decodeRlp, encodeRlp, type RlpItem } from '../rlp/rlp.js';

/** A block's parts in their consensus encodings. */
export interface RawBlock {
  readonly header: Uint8Array;
  readonly transactions: readonly Uint8Array[];
  /** Absent before Shanghai. */
  readonly withdrawals: readonly Uint8Array[] | undefined;
}

/** More than any block has. */
const MAX_ITEMS = 2 ** 20;

/**
 * A block as `debug_getRawBlock` gives it (devp2p `eth`, section "Block Encoding and Validity"): header, transactions, ommers, withdrawals.
 * Typed transactions are byte strings there, whatever their type. Roots and hash are the caller's to compare.
 * @throws MalformedInputError
 */
export function decodeRawBlock(raw: Uint8Array): RawBlock {
  const parts = listOf(decodeRlp(raw), 'raw block', 3, 8);
  const header = listOf(parts[0], 'raw block header', 1, 64);
  const transactions = listOf(parts[1], 'raw block transactions', 0, MAX_ITEMS);
  const withdrawals =
    parts[3] === undefined ? undefined : listOf(parts[3], 'raw block withdrawals', 0, MAX_ITEMS);
  return {
    header: encodeRlp(header),
    transactions: transactions.map(envelope),
    withdrawals: withdrawals?.map((one) => encodeRlp(one)),
  };
}

/** Legacy transactions and receipts are lists, others byte strings that hold a type and a list. */
function envelope(item: RlpItem): Uint8Array {
  if (!(item instanceof Uint8Array)) return encodeRlp(item);
  if (item.length === 0) throw new MalformedInputError('raw transaction', 'is empty');
  return concatBytes(item);
}
