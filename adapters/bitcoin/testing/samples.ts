import { concatBytes, utf8, ZERO32 } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { ForeignHeader } from '../../types.js';
import { merkleRows } from '../proofs/merkle.js';
import { encodeHeader, foreignHeader, type HeaderParts } from '../rules/header.js';
import { describeBits, meetsTarget } from '../rules/target.js';

/** Mines a header of easiest regtest work by counting its nonce up. For tests. */
export function mine(parts: Partial<HeaderParts> & Pick<HeaderParts, 'parentHash' | 'time'>): Uint8Array {
  const whole = { version: 4, merkleRoot: ZERO32, bits: 0x207fffff, nonce: 0, ...parts };
  const target = describeBits(whole.bits)?.bytes ?? ZERO32;
  for (let nonce = whole.nonce; ; nonce++) {
    const raw = encodeHeader({ ...whole, nonce });
    if (meetsTarget(sha256d(raw), target)) return raw;
  }
}

/** The next header of a regtest chain. @param salt makes siblings differ */
export function mineAfter(parent: ForeignHeader, salt = 0): ForeignHeader {
  const merkleRoot = sha256d(Uint8Array.of(salt));
  return foreignHeader(
    mine({ parentHash: parent.hash, time: parent.time + 600, merkleRoot }),
    parent.height + 1,
  );
}

/** Little-endian 32 bits. */
export function le32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

/** A stripped transaction of one input and one output. Its size is 60 bytes and the scripts'. */
export function transaction(
  txid: Uint8Array,
  output: number,
  input: Uint8Array,
  script: Uint8Array,
  satoshi = 50_000_000n,
): Uint8Array {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, satoshi, true);
  return concatBytes(
    le32(2),
    Uint8Array.of(1),
    txid,
    le32(output),
    Uint8Array.of(input.length),
    input,
    le32(0xffffffff),
    Uint8Array.of(1),
    value,
    Uint8Array.of(script.length),
    script,
    le32(0),
  );
}

/** A witness program of version 0 and 20 bytes that depend on `seed`. */
export function payToWitness(seed: number): Uint8Array {
  return concatBytes(Uint8Array.of(0, 20), sha256d(utf8(`key ${seed}`)).subarray(0, 20));
}

/** A coinbase and `count - 1` payments, stripped. */
export function sampleTransactions(count: number): Uint8Array[] {
  const coinbase = transaction(ZERO32, 0xffffffff, Uint8Array.of(1, 101), payToWitness(0));
  const others = Array.from({ length: count - 1 }, (_, i) =>
    transaction(sha256d(le32(i)), i, new Uint8Array(0), payToWitness(i + 1), BigInt(1000 + i)),
  );
  return [coinbase, ...others];
}

/** A mined regtest block of these transactions (fewer than 65,536) on top of `parent`. */
export function rawBlock(parent: ForeignHeader, transactions: readonly Uint8Array[]): Uint8Array {
  const merkleRoot = merkleRows(transactions.map(sha256d)).at(-1)?.[0] ?? ZERO32;
  const header = mine({ parentHash: parent.hash, time: parent.time + 600, merkleRoot });
  const { length } = transactions;
  const count = length < 0xfd ? Uint8Array.of(length) : Uint8Array.of(0xfd, length & 0xff, length >> 8);
  return concatBytes(header, count, ...transactions);
}
