import { ByteReader } from '../../../adapters/bitcoin/proofs/reader.js';
import { isCoinbase, parseStripped, readParts } from '../../../adapters/bitcoin/proofs/transaction.js';
import { HEADER_BYTES } from '../../../adapters/bitcoin/rules/header.js';
import type { ForeignBlock } from '../../../adapters/source.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256, sha256d } from '../../../proofs/hash/hasher.js';
import type { ChainEvent } from '../../log/event.js';
import type { BitcoinContents, BitcoinOutputRow, BitcoinTransactionRow } from './blockContents.js';
import { Pace } from './pace.js';
import { scriptKind } from './scriptKind.js';

/**
 * What a Bitcoin block holds, from its raw form. Pauses now and then where the block is large. Bytes are views of the raw block.
 * @param event that connected the block
 * @throws MalformedInputError, ProofError if the block is not one that a source has checked
 */
export async function bitcoinContents(event: ChainEvent, block: ForeignBlock): Promise<BitcoinContents> {
  const { rawBlock } = block;
  if (rawBlock === undefined) throw new MalformedInputError('Bitcoin block', 'comes without its raw form');
  const pace = new Pace();
  const reader = new ByteReader(rawBlock);
  reader.skip(HEADER_BYTES);
  const transactions: BitcoinTransactionRow[] = [];
  for (let left = reader.compactSize(); left > 0; left--) {
    transactions.push(readTransaction(reader, block.transactionHashes[transactions.length]));
    if (pace.isDue()) await pace.rest();
  }
  if (reader.left > 0) throw new MalformedInputError('Bitcoin block', `has ${reader.left} bytes too many`);
  const { chain, number, height, hash, time } = event;
  return { kind: 'bitcoin', chain, number, height, blockHash: hash, time, transactions };
}

/** @param txid where it is known already, so that it need not be hashed again */
function readTransaction(reader: ByteReader, txid: Uint8Array | undefined): BitcoinTransactionRow {
  const start = reader.position;
  const { stripped, witness } = readParts(reader);
  const raw = reader.bytes.subarray(start, reader.position);
  const parsed = parseStripped(stripped);
  const hash = txid ?? sha256d(stripped);
  const coinbase = isCoinbase(parsed);
  const outputs = parsed.outputs.map(outputRow);
  return {
    txid: hash,
    wtxid: witness.length === 0 ? hash : sha256d(raw),
    version: parsed.version,
    lockTime: parsed.lockTime,
    coinbase,
    weight: 3 * stripped.length + raw.length,
    inputs: coinbase
      ? []
      : parsed.inputs.map(({ txid: spent, output, sequence }) => ({ txid: spent, vout: output, sequence })),
    outputs,
    value: outputs.reduce((sum, { value }) => sum + value, 0n),
    raw,
  };
}

function outputRow({
  value,
  script,
}: {
  readonly value: bigint;
  readonly script: Uint8Array;
}): BitcoinOutputRow {
  return { value, script, scriptKey: scriptKey(script), kind: scriptKind(script) };
}

/** By which outputs are sorted: the first eight bytes of the script's SHA-256, as a little-endian number. */
export function scriptKey(script: Uint8Array): bigint {
  const hash = sha256(script);
  return new DataView(hash.buffer, hash.byteOffset).getBigUint64(0, true);
}
