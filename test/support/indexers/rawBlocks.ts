import type { ForeignBlock } from '../../../adapters/source.js';
import type { ForeignHeader } from '../../../adapters/types.js';
import { concatBytes } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';

/** A transaction as Bitcoin serialises it, with one input and two outputs that pay to scripts made of a hash. */
function transaction(seed: Uint8Array, spent: Uint8Array, output: number): Uint8Array {
  const number = (value: number, bytes: number) => {
    const out = new Uint8Array(bytes);
    for (let i = 0, rest = value; i < bytes; i++, rest = Math.floor(rest / 256)) out[i] = rest % 256;
    return out;
  };
  // OP_HASH160 <20> OP_EQUAL, and a script that anybody may have.
  const own = concatBytes(Uint8Array.of(23, 0xa9, 20), seed.slice(0, 20), Uint8Array.of(0x87));
  const common = Uint8Array.of(3, 0x51, 0x52, 0xff);
  return concatBytes(
    ...[number(2, 4), number(1, 1), spent, number(output, 4), number(0, 1), number(0xffffffff, 4)],
    ...[number(2, 1), number(5000 + (seed[0] ?? 0), 8), own, number(700, 8), common, number(0, 4)],
  );
}

/** A block with `count` transactions in a form that a Bitcoin indexer reads: a function of its header alone. */
export function fakeRawBlock(header: ForeignHeader, count = 4): ForeignBlock {
  const none = new Uint8Array(32);
  const raws = [transaction(header.hash, none, 0xffffffff)];
  while (raws.length < count) {
    const before = sha256d(raws.at(-1) ?? none);
    raws.push(transaction(before, raws.length === 1 ? header.parentHash : before, raws.length % 2));
  }
  return {
    header,
    transactionHashes: raws.map((raw) => sha256d(raw)),
    rawBlock: concatBytes(new Uint8Array(80), Uint8Array.of(raws.length), ...raws),
  };
}
