import { merkleRows } from '../../../adapters/bitcoin/proofs/merkle.js';
import { encodeMerkleBlock, partialTree } from '../../../adapters/bitcoin/proofs/partialMerkleTree.js';
import { decodeHeader } from '../../../adapters/bitcoin/rules/header.js';
import { fromHex, reversed, toBareHex, utf8 } from '../../../proofs/bytes.js';
import { type BlockEntry, medianTimePast } from '../blockIndex.js';
import { weightOf } from '../checkTransaction.js';
import type { RestAnswer } from '../rest/handle.js';
import { encodeJson } from '../rpc/encode.js';
import { difficulty } from '../rpc/format.js';
import { type ChainView, isActive } from '../view.js';
import { displayId } from '../wallet.js';

/** Blocks of a page, as blockstream.info gives them. */
const DEFAULT_PAGE = 10;

export interface EsploraView {
  readonly view: ChainView;
  /** Whether a transaction that no block has waits. @param id hex, internal byte order */
  readonly isWaiting: (id: string) => boolean;
  readonly pageSize?: number;
}

/** Answers a GET request of Esplora's HTTP API. @param path such as `/blocks/tip/height` */
export function answerEsplora({ view, isWaiting, pageSize }: EsploraView, path: string): RestAnswer {
  const [, first, second, third, ...more] = path.split('/');
  if (more.length > 0) return notFound('not found');
  if (first === 'blocks') {
    if (second === 'tip' && third === 'height') return text(String(view.tip.height));
    if (second === 'tip' && third === 'hash') return text(displayId(view.tip.key));
    if (third === undefined) return page(view, second, pageSize ?? DEFAULT_PAGE);
  }
  if (first === 'block-height' && third === undefined) {
    const entry = entryAt(view, second);
    return entry === undefined ? notFound('Block not found') : text(displayId(entry.key));
  }
  const key = keyOf(second);
  if (first === 'block' && key !== undefined) {
    const entry = view.entry(key);
    return entry === undefined ? notFound('Block not found') : blockAnswer(view, entry, third);
  }
  if (first === 'tx' && key !== undefined) return transactionAnswer(view, isWaiting, key, third);
  return notFound('not found');
}

function blockAnswer(view: ChainView, entry: BlockEntry, part: string | undefined): RestAnswer {
  switch (part) {
    case undefined:
      return json(blockJson(view, entry));
    case 'header':
      return text(toBareHex(entry.header));
    case 'raw':
      return { status: 200, type: 'application/octet-stream', body: view.rawBlock(entry) };
    case 'txids':
      return json(view.block(entry).transactions.map(({ id }) => displayId(id)));
    case 'status': {
      const active = isActive(view, entry);
      const next = active ? view.entryAt(entry.height + 1) : undefined;
      return json({
        in_best_chain: active,
        height: active ? entry.height : undefined,
        next_best: next === undefined ? null : displayId(next.key),
      });
    }
    default:
      return notFound('not found');
  }
}

function transactionAnswer(
  view: ChainView,
  isWaiting: (id: string) => boolean,
  id: string,
  part: string | undefined,
): RestAnswer {
  const found = view.transaction(id);
  if (found === undefined) {
    if (part === 'status' && isWaiting(id)) return json({ confirmed: false });
    return notFound('Transaction not found');
  }
  const { entry } = found;
  if (part === 'status')
    return json({
      confirmed: true,
      block_height: entry.height,
      block_hash: displayId(entry.key),
      block_time: entry.time,
    });
  if (part === 'hex') return text(toBareHex(found.transaction.tx.toBuffer()));
  if (part !== 'merkle-proof' && part !== 'merkleblock-proof') return notFound('not found');
  const ids = view.block(entry).transactions.map((one) => one.id);
  const position = ids.indexOf(id);
  const rows = merkleRows(ids.map((one) => fromHex(one, 'txid', 32)));
  if (part === 'merkleblock-proof')
    return text(toBareHex(encodeMerkleBlock({ header: entry.header, ...partialTree(rows, [position]) })));
  const merkle = rows.slice(0, -1).map((row, level) => {
    const place = Math.floor(position / 2 ** level);
    const beside = row[place % 2 === 0 ? place + 1 : place - 1] ?? row[place];
    return toBareHex(reversed(beside ?? new Uint8Array(32)));
  });
  return json({ block_height: entry.height, merkle, pos: position });
}

function page(view: ChainView, start: string | undefined, size: number): RestAnswer {
  let at = start === undefined ? view.tip : entryAt(view, start);
  if (at === undefined) return notFound('Block not found');
  const blocks: unknown[] = [];
  for (; at !== undefined && blocks.length < size; at = at.parent) blocks.push(blockJson(view, at));
  return json(blocks);
}

function blockJson(view: ChainView, entry: BlockEntry): Record<string, unknown> {
  const { version, merkleRoot, time, bits, nonce } = decodeHeader(entry.header);
  const block = view.block(entry);
  const count = block.transactions.length;
  const head = 80 + (count < 0xfd ? 1 : count <= 0xffff ? 3 : 5);
  return {
    id: displayId(entry.key),
    height: entry.height,
    version,
    timestamp: time,
    tx_count: count,
    size: block.raw.length,
    weight: 4 * head + block.transactions.reduce((sum, { tx }) => sum + weightOf(tx), 0),
    merkle_root: toBareHex(reversed(merkleRoot)),
    previousblockhash: entry.parent === undefined ? null : displayId(entry.parent.key),
    mediantime: medianTimePast(entry),
    nonce,
    bits,
    difficulty: difficulty(bits),
  };
}

function entryAt(view: ChainView, height: string | undefined): BlockEntry | undefined {
  return height !== undefined && /^\d{1,9}$/.test(height) ? view.entryAt(Number(height)) : undefined;
}

/** A hash in display order, as hex in internal order. */
function keyOf(id: string | undefined): string | undefined {
  if (id === undefined || !/^[0-9a-fA-F]{64}$/.test(id)) return undefined;
  return toBareHex(reversed(fromHex(id, 'hash', 32)));
}

function text(body: string, status = 200): RestAnswer {
  return { status, type: 'text/plain', body: utf8(body) };
}

function notFound(body: string): RestAnswer {
  return text(body, 404);
}

function json(value: unknown): RestAnswer {
  return { status: 200, type: 'application/json', body: utf8(encodeJson(value)) };
}
