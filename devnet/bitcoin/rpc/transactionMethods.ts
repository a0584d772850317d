import { fromHex, toBareHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { type ParsedTransaction, parseTransaction } from '../block.js';
import type { BlockEntry } from '../blockIndex.js';
import { outpoint } from '../coins.js';
import { TransactionRejectedError } from '../errors.js';
import type { MempoolEntry } from '../mempool.js';
import type { RegtestNode } from '../node.js';
import { type ChainView, isActive } from '../view.js';
import { displayId } from '../wallet.js';
import { findBlock } from './chainMethods.js';
import { Amount } from './encode.js';
import { RpcCode, RpcError } from './errors.js';
import { confirmations, scriptJson, transactionJson } from './format.js';
import type { Arguments, RpcMethods } from './method.js';

/** `getrawtransaction`, with a transaction index; `waiting` finds those in the mempool. */
export function rawTransactionMethods(
  view: ChainView,
  waiting: (id: string) => ParsedTransaction | undefined = () => undefined,
): RpcMethods {
  return {
    getrawtransaction: {
      params: ['txid', 'verbosity?', 'blockhash?'],
      call: (args) => {
        const { parsed, entry } = find(view, waiting, args);
        const verbosity = args.verbosity(1, 0);
        if (verbosity > 1) throw new RpcError(RpcCode.invalidParameter, 'This node knows verbosity 0 and 1');
        if (verbosity <= 0) return toBareHex(parsed.tx.toBuffer());
        const json = transactionJson(view, parsed);
        if (entry === undefined) return json;
        return {
          ...(args.has(2) ? { in_active_chain: isActive(view, entry) } : {}),
          ...json,
          blockhash: displayId(entry.key),
          confirmations: Math.max(0, confirmations(view, entry)),
          time: entry.time,
          blocktime: entry.time,
        };
      },
    },
  };
}

function find(
  view: ChainView,
  waiting: (id: string) => ParsedTransaction | undefined,
  args: Arguments,
): { readonly parsed: ParsedTransaction; readonly entry: BlockEntry | undefined } {
  const id = args.hash(0);
  if (args.has(2)) {
    const key = args.hash(2);
    const entry = view.entry(key);
    if (entry === undefined) throw new RpcError(RpcCode.invalidAddressOrKey, 'Block hash not found');
    const parsed = view.block(findBlock(view, key)).transactions.find((candidate) => candidate.id === id);
    if (parsed === undefined)
      throw new RpcError(
        RpcCode.invalidAddressOrKey,
        'No such transaction found in the provided block. Use gettransaction for wallet transactions.',
      );
    return { parsed, entry };
  }
  const inMempool = waiting(id);
  if (inMempool !== undefined) return { parsed: inMempool, entry: undefined };
  const found = view.transaction(id);
  if (found === undefined)
    throw new RpcError(
      RpcCode.invalidAddressOrKey,
      'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.',
    );
  return { parsed: found.transaction, entry: found.entry };
}

/** Methods about the mempool and the unspent outputs. */
export function mempoolMethods(node: RegtestNode): RpcMethods {
  const { chain, mempool } = node;
  return {
    ...rawTransactionMethods(chain, (id) => mempool.get(id)),
    getrawmempool: {
      params: ['verbose?'],
      call: (args) => {
        const entries = mempool.entries();
        if (!args.bool(0, false)) return entries.map(({ id }) => displayId(id));
        return Object.fromEntries(entries.map((entry) => [displayId(entry.id), mempoolJson(entry)]));
      },
    },
    gettxout: {
      params: ['txid', 'n', 'include_mempool?'],
      call: (args) => {
        const key = outpoint(args.hash(0), args.integer(1));
        const coin = (args.bool(2, true) ? mempool : chain.coins).coin(key);
        if (coin === undefined) return null;
        return {
          bestblock: displayId(chain.tip.key),
          confirmations: Math.max(0, chain.tip.height - coin.height + 1),
          value: new Amount(coin.value),
          scriptPubKey: scriptJson(chain, coin.script),
          coinbase: coin.coinbase,
        };
      },
    },
    sendrawtransaction: { params: ['hexstring', 'maxfeerate?'], call: (args) => sendRaw(node, args) },
  };
}

function mempoolJson({ size, tx, time, fee, witnessId }: MempoolEntry): Record<string, unknown> {
  return {
    vsize: size,
    weight: tx.weight(),
    time,
    wtxid: displayId(witnessId),
    fees: { base: new Amount(fee) },
  };
}

async function sendRaw(node: RegtestNode, args: Arguments): Promise<string> {
  const parsed = decode(args.string(0));
  if (node.mempool.get(parsed.id) !== undefined) return displayId(parsed.id);
  if (parsed.tx.outs.some((_, n) => node.chain.coins.coin(outpoint(parsed.id, n)) !== undefined))
    throw new RpcError(RpcCode.alreadyInUtxoSet, 'Transaction outputs already in utxo set');
  try {
    return displayId((await node.submitTransaction(parsed)).id);
  } catch (error) {
    if (!(error instanceof TransactionRejectedError)) throw error;
    if (error.reason === 'bad-txns-inputs-missingorspent') throw new RpcError(RpcCode.verify, error.reason);
    throw new RpcError(RpcCode.verifyRejected, error.message);
  }
}

function decode(text: string): ParsedTransaction {
  try {
    return parseTransaction(fromHex(text, 'transaction'));
  } catch (error) {
    if (!(error instanceof MalformedInputError)) throw error;
    throw new RpcError(RpcCode.deserialization, 'TX decode failed. Make sure the tx has at least one input.');
  }
}
