import type { BlockTransaction } from '../../adapters/bitcoin/blocks/block.js';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { bytesEqual } from '../../proofs/bytes.js';

/** What each kind is asked about, with the options that say so: the last transaction that has such a part. */
export function kindQuestions(
  transactions: readonly BlockTransaction[],
): [kind: string, options: string[]][] {
  const last = transactions.length - 1;
  const id = (at: number) => ['--tx', displayHash(transactions[at]?.txid ?? new Uint8Array(32))];
  const find = (has: (one: BlockTransaction, at: number) => boolean) => transactions.findLastIndex(has);
  const witness = find((one, at) => at > 0 && !bytesEqual(one.txid, one.wtxid));
  const data = find((one) => one.transaction.outs.some(({ script }) => isPlainData(script)));
  const carrier = transactions[data]?.transaction.outs.findIndex(({ script }) => isPlainData(script)) ?? 0;
  return [
    ['tx', id(last)],
    ['txs', [...id(0), ...(last > 0 ? id(last) : [])]],
    ['output', [...id(last), '--output-index', '0']],
    ...(last > 0 ? [['spend', [...id(last), '--input', '0']] as [string, string[]]] : []),
    ...(witness > 0 ? [['witness', id(witness)] as [string, string[]]] : []),
    ...(data >= 0 ? [['data', [...id(data), '--output-index', String(carrier)]] as [string, string[]]] : []),
  ];
}

/** OP_RETURN and one direct push. */
function isPlainData(script: Uint8Array): boolean {
  return (
    script[0] === 0x6a &&
    (script[1] ?? 0) > 0 &&
    (script[1] ?? 0) <= 75 &&
    script.length === 2 + (script[1] ?? 0)
  );
}
