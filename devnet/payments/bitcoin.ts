import { setTimeout as sleep } from 'node:timers/promises';
import { COINBASE_MATURITY } from '../bitcoin/params.js';
import { Amount } from '../bitcoin/rpc/encode.js';
import { NodeCallError } from '../errors.js';
import { callNode, type RpcEndpoint } from '../rpcClient.js';

export interface BitcoinPayment {
  /** Display order. */
  readonly txid: string;
  /** Block that contains it, display order. */
  readonly blockHash: string;
  readonly address: string;
  readonly satoshi: bigint;
}

export interface BitcoinPaymentOptions {
  /** Who is paid; by default an address of the wallet itself. */
  readonly address?: string;
  readonly satoshi: bigint;
  /** Milliseconds to wait for the node to mine by itself before a block is asked of it; default 3000. */
  readonly patienceMs?: number;
}

/** Bitcoin Core's code for a wallet that has too little. */
const INSUFFICIENT_FUNDS = -6;

/**
 * Pays on regtest from the node's own wallet and waits until a block contains the payment. Works with Bitcoin Core and
 * with our regtest node; a wallet without coins mines some first.
 * @throws NodeCallError
 */
export async function payBitcoin(rpc: RpcEndpoint, options: BitcoinPaymentOptions): Promise<BitcoinPayment> {
  const own = String(await callNode(rpc, 'getnewaddress'));
  const address = options.address ?? own;
  const txid = await send(rpc, own, address, options.satoshi);
  for (const deadline = Date.now() + (options.patienceMs ?? 3000); Date.now() < deadline; await sleep(100)) {
    const blockHash = await blockOf(rpc, txid);
    if (blockHash !== undefined) return { txid, blockHash, address, satoshi: options.satoshi };
  }
  await callNode(rpc, 'generatetoaddress', [1, own]);
  const blockHash = await blockOf(rpc, txid);
  if (blockHash === undefined)
    throw new NodeCallError(rpc.url, 'generatetoaddress', undefined, `${txid} did not enter a block`);
  return { txid, blockHash, address, satoshi: options.satoshi };
}

async function send(rpc: RpcEndpoint, own: string, address: string, satoshi: bigint): Promise<string> {
  const params = [address, new Amount(satoshi).toString()];
  try {
    return String(await callNode(rpc, 'sendtoaddress', params));
  } catch (error) {
    if (!(error instanceof NodeCallError) || error.code !== INSUFFICIENT_FUNDS) throw error;
    await callNode(rpc, 'generatetoaddress', [COINBASE_MATURITY + 1, own]);
    return String(await callNode(rpc, 'sendtoaddress', params));
  }
}

async function blockOf(rpc: RpcEndpoint, txid: string): Promise<string | undefined> {
  const found = await callNode(rpc, 'getrawtransaction', [txid, true]);
  const hash =
    typeof found === 'object' && found !== null && 'blockhash' in found ? found.blockhash : undefined;
  return typeof hash === 'string' ? hash : undefined;
}
