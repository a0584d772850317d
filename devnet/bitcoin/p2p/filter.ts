import type { Transaction } from 'bitcoinjs-lib';
import type { BloomFilter } from '../../../adapters/bitcoin/p2p/bloom.js';
import { uint32le } from '../../../adapters/bitcoin/proofs/wire.js';
import { concatBytes } from '../../../proofs/bytes.js';

/** `BLOOM_UPDATE_ALL` and `BLOOM_UPDATE_P2PUBKEY_ONLY` (BIP37). */
const UPDATE_ALL = 1;
const UPDATE_KEYS = 2;
const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA4 = 0x4e;
const OP_CHECKSIG = 0xac;
const OP_CHECKMULTISIG = 0xae;

/**
 * Whether a filter matches a transaction: its id, anything that its scripts push, any output that it spends. Adds the
 * outputs that matched, as the filter's flags ask (Bitcoin Core `CBloomFilter::IsRelevantAndUpdate`).
 * @param txid internal byte order
 */
export function matchesFilter(filter: BloomFilter, txid: Uint8Array, transaction: Transaction): boolean {
  let found = filter.has(txid);
  const flags = filter.flags & 3;
  for (const [index, { script }] of transaction.outs.entries()) {
    if (!pushes(script).some((data) => filter.has(data))) continue;
    found = true;
    if (flags === UPDATE_ALL || (flags === UPDATE_KEYS && paysToKeys(script)))
      filter.insert(concatBytes(txid, uint32le(index)));
  }
  return (
    found ||
    transaction.ins.some(
      ({ hash, index, script }) =>
        filter.has(concatBytes(hash, uint32le(index))) || pushes(script).some((data) => filter.has(data)),
    )
  );
}

/** What a script pushes, empty pushes left out, up to where it cannot be read. */
export function pushes(script: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < script.length; ) {
    const opcode = script[at++] ?? 0;
    if (opcode > OP_PUSHDATA4) continue;
    let length = opcode;
    if (opcode >= OP_PUSHDATA1) {
      const width = 1 << (opcode - OP_PUSHDATA1);
      length = 0;
      for (let i = width - 1; i >= 0; i--) length = length * 256 + (script[at + i] ?? Number.NaN);
      at += width;
    }
    if (!(at + length <= script.length)) break;
    if (length > 0) found.push(script.subarray(at, at + length));
    at += length;
  }
  return found;
}

/** To one bare key, or to bare multisig. */
function paysToKeys(script: Uint8Array): boolean {
  const last = script.at(-1);
  const first = script[0] ?? 0;
  if (last === OP_CHECKSIG) return (first === 33 || first === 65) && script.length === first + 2;
  return last === OP_CHECKMULTISIG && first >= 0x51 && first <= 0x60;
}
