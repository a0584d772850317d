import * as z from 'zod';
import { scriptKinds } from '../../../indexers/store/contents/types.js';
import { Bytes, ForeignHash, Integer64 } from '../schemas.js';

/** Shapes of what the index answers about the contents of blocks. */
const block = {
  height: Integer64,
  blockHash: ForeignHash,
  time: Integer64.meta({ description: "The block's own time, Unix seconds" }),
  canonical: z.boolean().meta({ description: 'Whether the block is on the best chain of the view' }),
};
const transaction = {
  ...block,
  position: z.number().int().meta({ description: 'Of its transaction in the block' }),
};
const address = Bytes.nullable();

export const BitcoinTransaction = z
  .object({
    kind: z.literal('bitcoin'),
    hash: ForeignHash,
    wtxid: ForeignHash,
    ...transaction,
    version: z.number().int(),
    lockTime: z.number().int(),
    coinbase: z.boolean(),
    size: z.number().int(),
    weight: z.number().int(),
    inputs: z.number().int(),
    outputs: z.number().int(),
    value: Integer64.meta({ description: 'Of all outputs, satoshi' }),
    raw: Bytes,
  })
  .meta({ id: 'BitcoinTransaction' });

export const EthereumTransaction = z
  .object({
    kind: z.literal('ethereum'),
    hash: ForeignHash,
    ...transaction,
    type: z.number().int(),
    nonce: Integer64,
    from: address.meta({ description: 'Null where no sender can be recovered from the signature' }),
    to: address,
    created: address.meta({ description: 'Contract that it creates, whether that succeeded or not' }),
    value: Integer64.meta({ description: 'wei' }),
    gas: Integer64.meta({ description: 'Limit' }),
    maxFeePerGas: Integer64,
    maxPriorityFeePerGas: Integer64,
    maxFeePerBlobGas: Integer64.nullable(),
    effectiveGasPrice: Integer64,
    input: Bytes,
    raw: Bytes,
  })
  .meta({ id: 'EthereumTransaction' });

export const Transaction = z
  .discriminatedUnion('kind', [BitcoinTransaction, EthereumTransaction])
  .meta({ id: 'Transaction' });

export const SpentBy = z
  .object({ txid: ForeignHash, vin: z.number().int(), height: Integer64, blockHash: ForeignHash })
  .meta({ id: 'SpentBy' });

export const Output = z
  .object({
    txid: ForeignHash,
    vout: z.number().int(),
    ...transaction,
    value: Integer64.meta({ description: 'satoshi' }),
    script: Bytes,
    kind: z.enum(scriptKinds),
    address: z.string().nullable(),
    coinbase: z.boolean(),
    spentBy: SpentBy.nullable().meta({ description: 'Null while unspent in the view' }),
  })
  .meta({ id: 'Output' });

export const Spend = z
  .object({
    txid: ForeignHash.meta({ description: 'The spending transaction' }),
    vin: z.number().int(),
    ...transaction,
    outpoint: z.object({ txid: ForeignHash, vout: z.number().int() }),
    sequence: z.number().int(),
    scriptSig: Bytes,
    witness: z.array(Bytes),
  })
  .meta({ id: 'Spend' });

export const Receipt = z
  .object({
    transactionHash: ForeignHash,
    ...transaction,
    type: z.number().int(),
    succeeded: z.boolean().nullable().meta({ description: 'Null before Byzantium (EIP-658)' }),
    stateRoot: Bytes.nullable().meta({ description: 'Before Byzantium' }),
    gasUsed: Integer64,
    cumulativeGasUsed: Integer64,
    effectiveGasPrice: Integer64,
    from: address,
    to: address,
    created: address,
    logs: z.number().int(),
  })
  .meta({ id: 'Receipt' });

export const Log = z
  .object({
    transactionHash: ForeignHash,
    ...transaction,
    logIndex: z.number().int().meta({ description: "Among the transaction's logs" }),
    blockLogIndex: z.number().int().meta({ description: "Among the block's logs" }),
    address: Bytes,
    topics: z.array(Bytes),
    data: Bytes,
  })
  .meta({ id: 'Log' });

export const Statistics = z
  .object({
    time: Integer64.meta({ description: 'Begin of the step, Unix seconds' }),
    blocks: Integer64,
    transactions: Integer64,
    outputs: Integer64,
    inputs: Integer64,
    value: Integer64.meta({ description: 'Bitcoin: of outputs, satoshi. Ethereum: of transactions, wei' }),
    bytes: Integer64,
    weight: Integer64,
    gasUsed: Integer64,
    logs: Integer64,
  })
  .meta({ id: 'Statistics' });
