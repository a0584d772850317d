import { decodeHeader } from '../../../adapters/bitcoin/rules/header.js';
import { toBareHex } from '../../../proofs/bytes.js';
import { targetOf } from '../block.js';
import { type BlockEntry, forkOf, medianTimePast } from '../blockIndex.js';
import { weightOf } from '../checkTransaction.js';
import { type ChainView, isActive } from '../view.js';
import { displayId } from '../wallet.js';
import { RpcCode, RpcError } from './errors.js';
import { difficulty, headerJson, hex256, transactionJson } from './format.js';
import type { RpcMethods } from './method.js';

/** A block that an RPC argument names. @throws RpcError -5 */
export function findBlock(view: ChainView, key: string): BlockEntry {
  const entry = view.entry(key);
  if (entry === undefined) throw new RpcError(RpcCode.invalidAddressOrKey, 'Block not found');
  return entry;
}

/** Methods that read blocks and headers. */
export function chainMethods(view: ChainView): RpcMethods {
  return {
    getblockchaininfo: { params: [], call: () => chainInfo(view) },
    getblockcount: { params: [], call: () => view.tip.height },
    getbestblockhash: { params: [], call: () => displayId(view.tip.key) },
    getblockhash: {
      params: ['height'],
      call: (args) => {
        const entry = view.entryAt(args.integer(0));
        if (entry === undefined) throw new RpcError(RpcCode.invalidParameter, 'Block height out of range');
        return displayId(entry.key);
      },
    },
    getblockheader: {
      params: ['blockhash', 'verbose?'],
      call: (args) => {
        const entry = findBlock(view, args.hash(0));
        return args.bool(1, true) ? headerJson(view, entry) : toBareHex(entry.header);
      },
    },
    getblock: {
      params: ['blockhash', 'verbosity?'],
      call: (args) => {
        const entry = findBlock(view, args.hash(0));
        const verbosity = args.verbosity(1, 1);
        if (verbosity > 2)
          throw new RpcError(RpcCode.invalidParameter, 'This node knows verbosity 0, 1 and 2');
        return verbosity <= 0 ? toBareHex(view.rawBlock(entry)) : blockJson(view, entry, verbosity === 2);
      },
    },
    getchaintips: {
      params: [],
      call: () =>
        view
          .tips()
          .sort((a, b) => b.height - a.height)
          .map((tip) => tipJson(view, tip)),
    },
  };
}

function blockJson(view: ChainView, entry: BlockEntry, full: boolean): Record<string, unknown> {
  const block = view.block(entry);
  const { previousblockhash, nextblockhash, ...rest } = headerJson(view, entry);
  const count = block.transactions.length;
  const head = 80 + (count < 0xfd ? 1 : count <= 0xffff ? 3 : 5);
  return {
    ...rest,
    previousblockhash,
    nextblockhash,
    strippedsize: head + block.transactions.reduce((sum, { tx }) => sum + tx.byteLength(false), 0),
    size: block.raw.length,
    weight: 4 * head + block.transactions.reduce((sum, { tx }) => sum + weightOf(tx), 0),
    tx: block.transactions.map((parsed) => (full ? transactionJson(view, parsed) : displayId(parsed.id))),
  };
}

function chainInfo(view: ChainView): Record<string, unknown> {
  const { tip } = view;
  const { bits, time } = decodeHeader(tip.header);
  return {
    chain: view.network,
    blocks: tip.height,
    headers: tip.height,
    bestblockhash: displayId(tip.key),
    bits: bits.toString(16).padStart(8, '0'),
    target: hex256(targetOf(bits)),
    difficulty: difficulty(bits),
    time,
    mediantime: medianTimePast(tip),
    verificationprogress: 1,
    initialblockdownload: false,
    chainwork: hex256(tip.work),
    size_on_disk: 0,
    pruned: view.firstHeight > 0,
    pruneheight: view.firstHeight > 0 ? view.firstHeight : undefined,
    warnings: [],
  };
}

function tipJson(view: ChainView, tip: BlockEntry): Record<string, unknown> {
  const active = isActive(view, tip);
  return {
    height: tip.height,
    hash: displayId(tip.key),
    branchlen: active ? 0 : tip.height - forkOf(tip, view.tip).height,
    status: active ? 'active' : tip.invalid ? 'invalid' : tip.connected ? 'valid-fork' : 'valid-headers',
  };
}
