import { concatBytes, fromHex, toBareHex } from '../../proofs/bytes.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { CorruptChainError } from './errors.js';
import { storeKey } from './keys.js';

/** An unspent output. */
export interface Coin {
  /** Satoshi. */
  readonly value: bigint;
  readonly script: Uint8Array;
  readonly height: number;
  readonly coinbase: boolean;
}

/** Hex of txid (internal order) and output index (4 bytes, little-endian): an output's name in maps. */
export function outpoint(id: string, index: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, index, true);
  return id + toBareHex(bytes);
}

export function outpointParts(key: string): { readonly id: string; readonly index: number } {
  const tail = fromHex(key.slice(64), 'output index', 4);
  return { id: key.slice(0, 64), index: new DataView(tail.buffer, tail.byteOffset).getUint32(0, true) };
}

export function encodeCoin(coin: Coin): Uint8Array {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setUint32(0, coin.height * 2 + (coin.coinbase ? 1 : 0), true);
  view.setBigUint64(4, coin.value, true);
  return concatBytes(head, coin.script);
}

export function decodeCoin(bytes: Uint8Array): Coin {
  if (bytes.length < 12) throw new CorruptChainError('an unspent output is too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const code = view.getUint32(0, true);
  return {
    height: code >>> 1,
    coinbase: (code & 1) === 1,
    value: view.getBigUint64(4, true),
    script: bytes.slice(12),
  };
}

/** Spent coins of one block, in the order of their inputs: what undoes it. */
export type Undo = readonly (readonly [key: string, coin: Coin])[];

export function encodeUndo(undo: Undo): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [key, coin] of undo) {
    const body = encodeCoin(coin);
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, body.length, true);
    parts.push(fromHex(key, 'outpoint', 36), size, body);
  }
  return concatBytes(...parts);
}

export function decodeUndo(bytes: Uint8Array): Undo {
  const out: [string, Coin][] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    if (at + 40 > bytes.length) throw new CorruptChainError('undo data is cut off');
    const end = at + 40 + view.getUint32(at + 36, true);
    if (end > bytes.length) throw new CorruptChainError('undo data is cut off');
    out.push([toBareHex(bytes.subarray(at, at + 36)), decodeCoin(bytes.subarray(at + 40, end))]);
    at = end;
  }
  return out;
}

/** Unspent outputs as some place sees them. */
export interface CoinSource {
  coin(key: string): Coin | undefined;
}

/** The set as it is on disk, at the tip. */
export class StoredCoins implements CoinSource {
  constructor(readonly store: KeyValueStore) {}

  coin(key: string): Coin | undefined {
    const bytes = this.store.get(storeKey('coin', fromHex(key, 'outpoint', 36)));
    return bytes === undefined ? undefined : decodeCoin(bytes);
  }
}

/** Changes on top of another view; nothing below is touched. */
export class CoinOverlay implements CoinSource {
  /** `undefined` marks a spent coin. */
  readonly changes = new Map<string, Coin | undefined>();
  constructor(readonly base: CoinSource) {}

  coin(key: string): Coin | undefined {
    return this.changes.has(key) ? this.changes.get(key) : this.base.coin(key);
  }

  add(key: string, coin: Coin): void {
    this.changes.set(key, coin);
  }

  remove(key: string): void {
    this.changes.set(key, undefined);
  }

  /** The changes as writes to the store. */
  writes(): KeyValueWrite[] {
    return [...this.changes].map(([key, coin]) => {
      const at = storeKey('coin', fromHex(key, 'outpoint', 36));
      return coin === undefined
        ? { type: 'del', key: at }
        : { type: 'put', key: at, value: encodeCoin(coin) };
    });
  }
}
