import { setTimeout as sleep } from 'node:timers/promises';
import {
  Contract,
  concat,
  getCreate2Address,
  hexlify,
  Interface,
  JsonRpcProvider,
  keccak256,
  NonceManager,
  randomBytes,
  type TransactionReceipt,
  Wallet,
  ZeroHash,
} from 'ethers';
import { PAYMENT_LOG_ABI, PAYMENT_LOG_BYTECODE } from '../../contracts/PaymentLog.generated.js';
import { NodeCallError } from '../errors.js';
import { callNode } from '../rpcClient.js';

/** First account of every development node: the mnemonic "test test … junk", path m/44'/60'/0'/0/0. Worthless elsewhere. */
const DEV_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
/** Second account of the same mnemonic. */
const DEV_RECEIVER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
/** Deterministic deployment proxy, part of anvil's genesis: deploys by CREATE2 (github.com/Arachnid/deterministic-deployment-proxy). */
const CREATE2_DEPLOYER = '0x4e59b44847b379578588920cA78FbF26c0B4956C';

export interface EthereumPaymentOptions {
  /** By default a development node's first account. */
  readonly privateKey?: string;
  /** Who is paid; by default a development node's second account. */
  readonly to?: string;
  readonly wei: bigint;
  /** 32 bytes of hex; random by default. */
  readonly reference?: string;
}

export interface EthereumPayment {
  readonly transactionHash: string;
  /** Index of the `Paid` log within the transaction. */
  readonly logIndex: number;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly contract: string;
  readonly from: string;
  readonly to: string;
  readonly wei: bigint;
  readonly reference: string;
}

/** Where `PaymentLog` lies on every chain that has the deployment proxy. */
export function paymentLogAddress(): string {
  return getCreate2Address(CREATE2_DEPLOYER, ZeroHash, keccak256(PAYMENT_LOG_BYTECODE));
}

/**
 * Pays through the contract `PaymentLog`, which is deployed on first use, and waits for the receipt.
 * @throws NodeCallError if the node refuses, or has no deployment proxy
 */
export async function payEthereum(url: string, options: EthereumPaymentOptions): Promise<EthereumPayment> {
  // Asked first: the provider would wait for a dead node forever.
  const chainId = BigInt(String(await callNode({ url }, 'eth_chainId')));
  const provider = new JsonRpcProvider(url, chainId, {
    staticNetwork: true,
    polling: true,
    pollingInterval: 100,
    cacheTimeout: -1,
  });
  try {
    const wallet = new Wallet(options.privateKey ?? DEV_KEY, provider);
    const payer = new NonceManager(wallet);
    const address = await deployed(url, provider, payer);
    const to = options.to ?? DEV_RECEIVER;
    const reference = options.reference ?? hexlify(randomBytes(32));
    const contract = new Contract(address, PAYMENT_LOG_ABI, payer);
    const sent = await contract.getFunction('pay').send(to, reference, { value: options.wei });
    const receipt = await receiptOf(url, provider, sent.hash);
    const topic = new Interface(PAYMENT_LOG_ABI).getEvent('Paid')?.topicHash;
    const logIndex = receipt.logs.findIndex((log) => log.address === address && log.topics[0] === topic);
    if (logIndex < 0)
      throw new NodeCallError(url, 'eth_getTransactionReceipt', undefined, 'the payment left no log');
    return {
      transactionHash: receipt.hash,
      logIndex,
      blockNumber: receipt.blockNumber,
      blockHash: receipt.blockHash,
      contract: address,
      from: wallet.address,
      to,
      wei: options.wei,
      reference,
    };
  } catch (error) {
    if (error instanceof NodeCallError) throw error;
    throw new NodeCallError(
      url,
      'payEthereum',
      undefined,
      error instanceof Error ? error.message : 'failed',
      error,
    );
  } finally {
    provider.destroy();
  }
}

async function deployed(url: string, provider: JsonRpcProvider, payer: NonceManager): Promise<string> {
  const address = paymentLogAddress();
  if ((await provider.getCode(address)) !== '0x') return address;
  if ((await provider.getCode(CREATE2_DEPLOYER)) === '0x')
    throw new NodeCallError(
      url,
      'eth_getCode',
      undefined,
      `no deployment proxy at ${CREATE2_DEPLOYER}: use anvil`,
    );
  const sent = await payer.sendTransaction({
    to: CREATE2_DEPLOYER,
    data: concat([ZeroHash, PAYMENT_LOG_BYTECODE]),
  });
  await receiptOf(url, provider, sent.hash);
  return address;
}

/** Most time until a block has a transaction. */
const PATIENCE_MS = 180_000;

/**
 * Asks until a block has the transaction. The library's own `wait` listens to blocks, and rejects into nowhere when the provider is
 * destroyed while one of its questions is under way.
 */
async function receiptOf(url: string, provider: JsonRpcProvider, hash: string): Promise<TransactionReceipt> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(100)) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt?.status === 0)
      throw new NodeCallError(url, 'eth_getTransactionReceipt', undefined, `${hash} failed`);
    if (receipt !== null) return receipt;
  }
  throw new NodeCallError(url, 'eth_getTransactionReceipt', undefined, `${hash} entered no block`);
}
