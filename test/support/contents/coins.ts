import type { BitcoinContents } from '../../../indexers/store/contents/blockContents.js';
import type { IndexedOutput } from '../../../indexers/store/contents/types.js';
import { toHex } from '../../../proofs/bytes.js';

/** Outputs of a script in a chain of blocks, each with what spends it there: told the slow way. */
export function outputsIn(chain: readonly BitcoinContents[], script: Uint8Array): IndexedOutput[] {
  const spentBy = new Map(
    chain.flatMap(({ height, blockHash, transactions }) =>
      transactions.flatMap(({ txid, inputs }) =>
        inputs.map(
          (input, vin) => [`${toHex(input.txid)}:${input.vout}`, { txid, vin, height, blockHash }] as const,
        ),
      ),
    ),
  );
  return chain.flatMap(({ height, blockHash, time, transactions }) =>
    transactions.flatMap(({ txid, coinbase, outputs }, position) =>
      outputs.flatMap(({ value, kind, script: own }, vout) =>
        toHex(own) !== toHex(script)
          ? []
          : [
              {
                ...{ height, blockHash, time, canonical: true, position, txid, vout, coinbase, script },
                ...{ value, kind, spentBy: spentBy.get(`${toHex(txid)}:${vout}`) },
              },
            ],
      ),
    ),
  );
}
