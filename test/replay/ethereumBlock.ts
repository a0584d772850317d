import {
  decodeRlp,
  getAddress,
  getCreateAddress,
  keccak256,
  type RlpStructuredData,
  Transaction,
} from 'ethers';

/** A block as the data files hold it: raw RLP. */
export interface RawEthereumBlock {
  readonly number: number;
  readonly hash: string;
  readonly headerRlp: string;
  readonly transactions: readonly string[];
  readonly receipts: readonly string[];
  readonly withdrawals: readonly string[] | null;
}

type Json = Record<string, unknown>;

/** A block in the shapes of the Ethereum JSON-RPC. */
export interface EthereumBlockJson {
  readonly number: number;
  readonly hash: string;
  readonly header: Json;
  readonly transactions: readonly Json[];
  readonly receipts: readonly Json[];
}

const HEADER_FIELDS = [
  ...['parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot', 'receiptsRoot', 'logsBloom'],
  ...['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'extraData', 'mixHash', 'nonce'],
  ...[
    'baseFeePerGas',
    'withdrawalsRoot',
    'blobGasUsed',
    'excessBlobGas',
    'parentBeaconBlockRoot',
    'requestsHash',
  ],
] as const;

const QUANTITIES = new Set([
  'difficulty',
  'number',
  'gasLimit',
  'gasUsed',
  'timestamp',
  'baseFeePerGas',
  'blobGasUsed',
  'excessBlobGas',
]);

/** A number as JSON-RPC writes it: no leading zeros. */
export function quantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

function text(item: RlpStructuredData | undefined): string {
  if (typeof item !== 'string') throw new Error('an RLP item is not bytes');
  return item;
}

function list(item: RlpStructuredData | undefined): readonly RlpStructuredData[] {
  if (!Array.isArray(item)) throw new Error('an RLP item is not a list');
  return item;
}

function number(item: RlpStructuredData | undefined): bigint {
  const hex = text(item);
  return hex === '0x' ? 0n : BigInt(hex);
}

export function ethereumBlock(raw: RawEthereumBlock): EthereumBlockJson {
  if (keccak256(raw.headerRlp) !== raw.hash)
    throw new Error(`header of block ${raw.number} has another hash`);
  const fields = list(decodeRlp(raw.headerRlp));
  const header: Json = { hash: raw.hash };
  for (const [i, item] of fields.entries()) {
    const name = HEADER_FIELDS[i];
    if (name === undefined) throw new Error(`header of block ${raw.number} has ${fields.length} fields`);
    header[name] = QUANTITIES.has(name) ? quantity(number(item)) : text(item);
  }
  header.size = quantity(
    [raw.headerRlp, ...raw.transactions].reduce((sum, hex) => sum + (hex.length - 2) / 2, 0),
  );
  header.uncles = [];
  if (raw.withdrawals !== null) header.withdrawals = raw.withdrawals.map(withdrawalJson);
  const baseFee = fields[15] === undefined ? 0n : number(fields[15]);
  const where = { blockHash: raw.hash, blockNumber: quantity(raw.number) };
  const txs = raw.transactions.map((hex) => Transaction.from(hex));
  const transactions = txs.map((tx, i) => transactionJson(tx, i, baseFee, where));
  let logIndex = 0;
  let gasBefore = 0n;
  const receipts = raw.receipts.map((hex, i) => {
    const tx = txs[i];
    if (tx === undefined) throw new Error('more receipts than transactions');
    const receipt = receiptJson(hex, tx, i, { where, baseFee, logIndex, gasBefore });
    logIndex += receipt.logs.length;
    gasBefore = BigInt(receipt.cumulativeGasUsed);
    return receipt;
  });
  return { number: raw.number, hash: raw.hash, header, transactions, receipts };
}

function withdrawalJson(rlp: string): Json {
  const [index, validatorIndex, address, amount] = list(decodeRlp(rlp));
  return {
    index: quantity(number(index)),
    validatorIndex: quantity(number(validatorIndex)),
    address: text(address),
    amount: quantity(number(amount)),
  };
}

function effectiveGasPrice(tx: Transaction, baseFee: bigint): bigint {
  if (tx.maxFeePerGas === null) return tx.gasPrice ?? 0n;
  const offered = baseFee + (tx.maxPriorityFeePerGas ?? 0n);
  return offered < tx.maxFeePerGas ? offered : tx.maxFeePerGas;
}

interface Where {
  readonly blockHash: string;
  readonly blockNumber: string;
}

function transactionJson(tx: Transaction, index: number, baseFee: bigint, where: Where): Json {
  const { signature } = tx;
  if (signature === null) throw new Error(`transaction ${index} is not signed`);
  const typed = tx.type !== 0;
  return {
    ...where,
    from: tx.from?.toLowerCase(),
    gas: quantity(tx.gasLimit),
    gasPrice: quantity(effectiveGasPrice(tx, baseFee)),
    ...(tx.maxFeePerGas === null
      ? {}
      : {
          maxFeePerGas: quantity(tx.maxFeePerGas),
          maxPriorityFeePerGas: quantity(tx.maxPriorityFeePerGas ?? 0n),
        }),
    hash: tx.hash,
    input: tx.data,
    nonce: quantity(tx.nonce),
    to: tx.to?.toLowerCase() ?? null,
    transactionIndex: quantity(index),
    value: quantity(tx.value),
    type: quantity(tx.type ?? 0),
    ...(typed
      ? {
          accessList: (tx.accessList ?? []).map(({ address, storageKeys }) => ({
            address: address.toLowerCase(),
            storageKeys,
          })),
        }
      : {}),
    ...(typed || tx.chainId !== 0n ? { chainId: quantity(tx.chainId) } : {}),
    v: quantity(typed ? signature.yParity : (signature.networkV ?? signature.v)),
    r: quantity(BigInt(signature.r)),
    s: quantity(BigInt(signature.s)),
    ...(typed ? { yParity: quantity(signature.yParity) } : {}),
  };
}

interface ReceiptContext {
  readonly where: Where;
  readonly baseFee: bigint;
  readonly logIndex: number;
  readonly gasBefore: bigint;
}

function receiptJson(hex: string, tx: Transaction, index: number, context: ReceiptContext) {
  const typed = Number.parseInt(hex.slice(2, 4), 16) < 0x80;
  const [status, cumulative, bloom, logs] = list(decodeRlp(typed ? `0x${hex.slice(4)}` : hex));
  const from = tx.from ?? '0x';
  const position = { transactionHash: tx.hash, transactionIndex: quantity(index), ...context.where };
  return {
    ...position,
    from: from.toLowerCase(),
    to: tx.to?.toLowerCase() ?? null,
    cumulativeGasUsed: quantity(number(cumulative)),
    gasUsed: quantity(number(cumulative) - context.gasBefore),
    contractAddress:
      tx.to === null ? getCreateAddress({ from: getAddress(from), nonce: tx.nonce }).toLowerCase() : null,
    logs: list(logs).map((item, i) => {
      const [address, topics, data] = list(item);
      return {
        address: text(address),
        topics: list(topics).map(text),
        data: text(data),
        ...position,
        logIndex: quantity(context.logIndex + i),
        removed: false,
      };
    }),
    logsBloom: text(bloom),
    status: quantity(number(status)),
    effectiveGasPrice: quantity(effectiveGasPrice(tx, context.baseFee)),
    type: quantity(tx.type ?? 0),
  };
}
