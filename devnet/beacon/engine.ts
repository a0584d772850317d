import { encodeTransactionJson } from '../../adapters/ethereum/sources/encodeTransaction.js';
import {
  type RpcObject,
  rpcBytes,
  rpcHeight,
  rpcInteger,
  rpcList,
  rpcObject,
} from '../../adapters/ethereum/sources/fields.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { saveState } from '../anvilState.js';
import { callNode } from '../rpcClient.js';
import type { Payload } from './containers/payload.js';

/** The execution chain that the beacon chain drives. */
export interface ExecutionEngine {
  /** Hash of its block of a number; `undefined` where it has none. */
  hashAt(number: number): Promise<Uint8Array | undefined>;
  /** Its block of a number, as a payload. */
  blockAt(number: number): Promise<Payload | undefined>;
  newest(): Promise<number>;
  /** Makes one block. */
  mine(): Promise<void>;
  /** Makes sure that a kill loses none of its blocks. */
  save(): Promise<void>;
}

/**
 * anvil as the execution engine. Its blocks have all the fields of the newest fork at once; the beacon chain's earlier forks leave
 * out what they do not know. Its `parentBeaconBlockRoot` stays zero.
 * @param stateFile where anvil writes its state; without it, `save` does nothing
 */
export function anvilEngine(url: string, stateFile?: string): ExecutionEngine {
  const read = async (number: number, full: boolean): Promise<RpcObject | undefined> => {
    const block = await callNode({ url }, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, full]);
    return block === null ? undefined : rpcObject(block, 'block');
  };
  return {
    hashAt: async (number) => {
      const block = await read(number, false);
      return block && rpcBytes(block.hash, 'block hash', 32);
    },
    blockAt: async (number) => {
      const block = await read(number, true);
      return block && payloadOf(block);
    },
    newest: async () => rpcHeight(await callNode({ url }, 'eth_blockNumber'), 'block number'),
    mine: async () => {
      await callNode({ url }, 'evm_mine');
    },
    save: async () => {
      if (stateFile !== undefined) await saveState(url, stateFile);
    },
  };
}

/** A block of `eth_getBlockBy…` with whole transactions, as a payload. @throws MalformedInputError */
export function payloadOf(block: RpcObject): Payload {
  const hash = (name: string) => rpcBytes(block[name], `block ${name}`, 32);
  const integer = (name: string) => rpcHeight(block[name], `block ${name}`);
  const withdrawals = rpcList(block.withdrawals ?? [], 'withdrawals');
  if (withdrawals.length > 0) throw new MalformedInputError('withdrawals', 'are none of this beacon chain’s');
  return {
    parentHash: hash('parentHash'),
    feeRecipient: rpcBytes(block.miner, 'block miner', 20),
    stateRoot: hash('stateRoot'),
    receiptsRoot: hash('receiptsRoot'),
    logsBloom: rpcBytes(block.logsBloom, 'block logsBloom', 256),
    prevRandao: hash('mixHash'),
    blockNumber: integer('number'),
    gasLimit: integer('gasLimit'),
    gasUsed: integer('gasUsed'),
    timestamp: integer('timestamp'),
    extraData: rpcBytes(block.extraData, 'block extraData'),
    baseFeePerGas: rpcInteger(block.baseFeePerGas, 'block baseFeePerGas'),
    blockHash: hash('hash'),
    transactions: rpcList(block.transactions, 'transactions').map((one) =>
      encodeTransactionJson(rpcObject(one, 'transaction')),
    ),
    withdrawals: [],
    blobGasUsed: integer('blobGasUsed'),
    excessBlobGas: integer('excessBlobGas'),
  };
}
