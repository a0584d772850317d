import { createServer, type Server } from 'node:http';
import { keccak256, numberToHex, parseTransaction } from 'viem';
import { decodeReceipt } from '../../adapters/ethereum/proofs/receipt.js';
import { decodeRlp, encodeRlp } from '../../adapters/ethereum/rlp/rlp.js';
import { listen, readBody } from '../../devnet/bitcoin/rpc/server.js';
import { fromHex, toHex } from '../../proofs/bytes.js';
import { FIELD_NAMES } from '../fixtures/ethereum/headers.js';

/** A block in its consensus encodings, as the data folder has it. */
export interface RecordedBlock {
  readonly number: number;
  readonly hash: string;
  readonly headerRlp: string;
  readonly transactions: readonly string[];
  readonly receipts: readonly string[];
  readonly ommersRlp: string;
  readonly withdrawals: readonly string[] | null;
}

/** What a provider answers to a method; `undefined` where it does not have it. */
export type ReplayMethods = Readonly<Record<string, (params: readonly unknown[]) => unknown>>;

export interface ReplayNode {
  readonly url: string;
  methods: ReplayMethods;
  readonly calls: string[];
  close(): Promise<void>;
}

/** A JSON-RPC server of these methods alone. */
export async function startReplayNode(methods: ReplayMethods): Promise<ReplayNode> {
  const server: Server = createServer((request, response) => {
    void readBody(request, 2 ** 24).then((text) => {
      const body: unknown = JSON.parse(text ?? 'null');
      const asked = [body].flat() as { id: number; method: string; params: unknown[] }[];
      const answers = asked.map(({ id, method, params }) => {
        self.calls.push(method);
        const answer = self.methods[method];
        if (answer !== undefined) return { jsonrpc: '2.0', id, result: answer(params) ?? null };
        return {
          jsonrpc: '2.0',
          id,
          error: { code: -32601, message: `the method ${method} does not exist` },
        };
      });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
    });
  });
  await listen(server, '127.0.0.1', 0);
  const address = server.address();
  const self: ReplayNode = {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    methods,
    calls: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

/** What nodes call our names of header fields. */
const RPC_NAMES: Readonly<Record<string, string>> = { ommersHash: 'sha3Uncles' };
const QUANTITIES = new Set([
  ...['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'baseFeePerGas'],
  ...['blobGasUsed', 'excessBlobGas', 'slotNumber'],
]);
const quantity = (bytes: Uint8Array) => numberToHex(bytes.length === 0 ? 0n : BigInt(toHex(bytes)));

/** The block as `eth_getBlockByHash` gives it with transactions, read by an independent library. */
export function blockJson(block: RecordedBlock): Record<string, unknown> {
  const fields = decodeRlp(fromHex(block.headerRlp)) as Uint8Array[];
  const header = fields.map((value, i) => {
    const name = FIELD_NAMES[i] ?? '';
    return [RPC_NAMES[name] ?? name, QUANTITIES.has(name) ? quantity(value) : toHex(value)];
  });
  return {
    ...Object.fromEntries(header),
    hash: block.hash,
    transactions: block.transactions.map((raw) => transactionJson(raw as `0x${string}`)),
    ...(block.withdrawals === null ? {} : { withdrawals: block.withdrawals.map(withdrawalJson) }),
  };
}

function transactionJson(raw: `0x${string}`): Record<string, unknown> {
  const { type, ...tx } = parseTransaction(raw) as unknown as Record<string, unknown> & { type: string };
  const types: Readonly<Record<string, string>> = {
    legacy: '0x0',
    eip2930: '0x1',
    eip1559: '0x2',
    eip4844: '0x3',
    eip7702: '0x4',
  };
  const json: Record<string, unknown> = {
    type: types[type],
    hash: keccak256(raw),
    to: null,
    input: tx.data ?? '0x',
  };
  // The library leaves out what is zero.
  for (const name of ['nonce', 'gas', 'value', 'gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas'])
    json[name] = '0x0';
  for (const [name, value] of Object.entries(tx)) if (name !== 'data') json[name] = quantities(value);
  return json;
}

/** Numbers as JSON-RPC writes them, wherever they are. */
function quantities(value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'number') return numberToHex(value);
  if (Array.isArray(value)) return value.map(quantities);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, quantities(one)]));
}

function withdrawalJson(raw: string): Record<string, unknown> {
  const [index, validatorIndex, address, amount] = decodeRlp(fromHex(raw)) as Uint8Array[];
  return {
    index: quantity(index!),
    validatorIndex: quantity(validatorIndex!),
    address: toHex(address!),
    amount: quantity(amount!),
  };
}

/** Its receipts as `eth_getBlockReceipts` gives them, as far as their encoding needs. */
export function receiptsJson(block: RecordedBlock): Record<string, unknown>[] {
  return block.receipts.map((raw) => {
    const bytes = fromHex(raw);
    const type = (bytes[0] ?? 0) < 0xc0 ? (bytes[0] ?? 0) : 0;
    const [outcome, gas] = decodeRlp(type === 0 ? bytes : bytes.subarray(1)) as [Uint8Array, Uint8Array];
    const logs = decodeReceipt(bytes).logs.map(({ address, topics, data }) => ({
      address: toHex(address),
      topics: topics.map((topic) => toHex(topic)),
      data: toHex(data),
    }));
    return {
      type: numberToHex(type),
      blockHash: block.hash,
      ...(outcome.length === 32 ? { root: toHex(outcome) } : { status: quantity(outcome) }),
      cumulativeGasUsed: quantity(gas),
      logs,
    };
  });
}

/** As `debug_getRawBlock` gives it. */
export function rawBlockOf(block: RecordedBlock): string {
  const items = [
    decodeRlp(fromHex(block.headerRlp)),
    block.transactions.map((raw) => {
      const bytes = fromHex(raw);
      return (bytes[0] ?? 0) < 0xc0 ? bytes : decodeRlp(bytes);
    }),
    decodeRlp(fromHex(block.ommersRlp)),
    ...(block.withdrawals === null ? [] : [block.withdrawals.map((raw) => decodeRlp(fromHex(raw)))]),
  ];
  return toHex(encodeRlp(items));
}
