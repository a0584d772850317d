import type * as z from 'zod';
import { addressFormat, describeScript } from '../../../adapters/bitcoin/proofs/output.js';
import type {
  IndexedLog,
  IndexedOutput,
  IndexedReceipt,
  IndexedSpend,
  IndexedStatistics,
  IndexedTransaction,
  InTransaction,
} from '../../../indexers/store/contents/types.js';
import { toHex } from '../../../proofs/bytes.js';
import type { IndexedChain } from '../context.js';
import type * as c from './contents.js';

const optional = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : toHex(bytes));

function place({ kind }: IndexedChain, row: InTransaction) {
  return {
    height: String(row.height),
    blockHash: kind.displayHash(row.blockHash),
    time: String(row.time),
    canonical: row.canonical,
    position: row.position,
  };
}

export function transactionView(
  chain: IndexedChain,
  row: IndexedTransaction,
): z.output<typeof c.Transaction> {
  const common = { hash: chain.kind.displayHash(row.hash), ...place(chain, row), raw: toHex(row.raw) };
  if (row.kind === 'bitcoin') {
    const { version, lockTime, coinbase, size, weight, inputs, outputs } = row;
    return {
      kind: row.kind,
      ...common,
      wtxid: chain.kind.displayHash(row.wtxid),
      version,
      lockTime,
      coinbase,
      size,
      weight,
      inputs,
      outputs,
      value: String(row.value),
    };
  }
  return {
    kind: row.kind,
    ...common,
    type: row.type,
    nonce: String(row.nonce),
    from: optional(row.from),
    to: optional(row.to),
    created: optional(row.created),
    value: String(row.value),
    gas: String(row.gas),
    maxFeePerGas: String(row.maxFeePerGas),
    maxPriorityFeePerGas: String(row.maxPriorityFeePerGas),
    maxFeePerBlobGas: row.maxFeePerBlobGas === undefined ? null : String(row.maxFeePerBlobGas),
    effectiveGasPrice: String(row.effectiveGasPrice),
    input: toHex(row.input),
  };
}

export function outputView(chain: IndexedChain, row: IndexedOutput): z.output<typeof c.Output> {
  const { displayHash } = chain.kind;
  const format = addressFormat(chain.name);
  const { spentBy } = row;
  return {
    txid: displayHash(row.txid),
    vout: row.vout,
    ...place(chain, row),
    value: String(row.value),
    script: toHex(row.script),
    kind: row.kind,
    address: (format && describeScript(row.script, format).address) ?? null,
    coinbase: row.coinbase,
    spentBy:
      spentBy === undefined
        ? null
        : {
            txid: displayHash(spentBy.txid),
            vin: spentBy.vin,
            height: String(spentBy.height),
            blockHash: displayHash(spentBy.blockHash),
          },
  };
}

export function spendView(chain: IndexedChain, row: IndexedSpend): z.output<typeof c.Spend> {
  const { displayHash } = chain.kind;
  return {
    txid: displayHash(row.txid),
    vin: row.vin,
    ...place(chain, row),
    outpoint: { txid: displayHash(row.outpoint.txid), vout: row.outpoint.vout },
    sequence: row.sequence,
    scriptSig: toHex(row.scriptSig),
    witness: row.witness.map(toHex),
  };
}

export function receiptView(chain: IndexedChain, row: IndexedReceipt): z.output<typeof c.Receipt> {
  return {
    transactionHash: chain.kind.displayHash(row.transactionHash),
    ...place(chain, row),
    type: row.type,
    succeeded: row.succeeded ?? null,
    stateRoot: optional(row.stateRoot),
    gasUsed: String(row.gasUsed),
    cumulativeGasUsed: String(row.cumulativeGasUsed),
    effectiveGasPrice: String(row.effectiveGasPrice),
    from: optional(row.from),
    to: optional(row.to),
    created: optional(row.created),
    logs: row.logs,
  };
}

export function logView(chain: IndexedChain, row: IndexedLog): z.output<typeof c.Log> {
  return {
    transactionHash: chain.kind.displayHash(row.transactionHash),
    ...place(chain, row),
    logIndex: row.logIndex,
    blockLogIndex: row.blockLogIndex,
    address: toHex(row.address),
    topics: row.topics.map(toHex),
    data: toHex(row.data),
  };
}

export function statisticsView(row: IndexedStatistics): z.output<typeof c.Statistics> {
  return {
    time: String(row.time),
    blocks: String(row.blocks),
    transactions: String(row.transactions),
    outputs: String(row.outputs),
    inputs: String(row.inputs),
    value: String(row.value),
    bytes: String(row.bytes),
    weight: String(row.weight),
    gasUsed: String(row.gasUsed),
    logs: String(row.logs),
  };
}
