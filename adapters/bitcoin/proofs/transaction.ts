import { concatBytes, isZero } from '../../../proofs/bytes.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { ByteReader } from './reader.js';

export interface TransactionInput {
  /** Spent transaction, internal byte order. */
  readonly txid: Uint8Array;
  readonly output: number;
  readonly script: Uint8Array;
  readonly sequence: number;
}

export interface TransactionOutput {
  /** Satoshi. */
  readonly value: bigint;
  readonly script: Uint8Array;
}

export interface BitcoinTransaction {
  readonly version: number;
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly lockTime: number;
}

/** No more coins than this exist (Bitcoin Core `MAX_MONEY`), satoshi. */
const MAX_MONEY = 2_100_000_000_000_000n;
const NULL_OUTPUT = 0xffffffff;
const OUTPOINT_BYTES = 36;
const SEQUENCE_BYTES = 4;

/**
 * Parses a transaction in stripped form: the bytes whose double SHA-256 is the txid.
 * @throws ProofError `malformed`; `non-canonical` for long numbers, trailing bytes or the witness form (BIP144)
 */
export function parseStripped(raw: Uint8Array): BitcoinTransaction {
  const reader = new ByteReader(raw);
  const version = reader.uint32() | 0;
  if (reader.peek() === 0) {
    if (reader.peek(1) === 1) throw new ProofError('non-canonical', 'transaction is in witness form');
    throw new ProofError('malformed', 'transaction has no inputs');
  }
  const body = readBody(reader);
  const lockTime = reader.uint32();
  if (reader.left > 0) throw new ProofError('non-canonical', `${reader.left} bytes after the transaction`);
  return { version, ...body, lockTime };
}

/** A transaction in two parts: together its full form (BIP144). */
export interface TransactionParts {
  /** The bytes whose double SHA-256 is the txid. */
  readonly stripped: Uint8Array;
  /** The inputs' witness stacks, one after another; empty for a transaction without witness. */
  readonly witness: Uint8Array;
}

/**
 * Reads one transaction of a block, in either form.
 * @throws ProofError `malformed`; `non-canonical` for a witness form without any witness, as in Bitcoin Core
 *   `UnserializeTransaction`
 */
export function readParts(reader: ByteReader): TransactionParts {
  const start = reader.position;
  const head = reader.take(4);
  const witness = reader.peek() === 0 && reader.peek(1) === 1;
  if (witness) reader.take(2);
  const bodyStart = reader.position;
  const inputs = skipBody(reader);
  const bodyEnd = reader.position;
  if (witness) skipWitness(reader, inputs);
  const witnessEnd = reader.position;
  const lockTime = reader.take(4);
  if (!witness)
    return { stripped: reader.bytes.subarray(start, reader.position), witness: new Uint8Array(0) };
  return {
    stripped: concatBytes(head, reader.bytes.subarray(bodyStart, bodyEnd), lockTime),
    witness: reader.bytes.subarray(bodyEnd, witnessEnd),
  };
}

/** The full form whose double SHA-256 is the wtxid (BIP141): the stripped one where there is no witness. */
export function joinParts({ stripped, witness }: TransactionParts): Uint8Array {
  if (witness.length === 0) return stripped;
  const end = stripped.length - 4;
  return concatBytes(
    stripped.subarray(0, 4),
    Uint8Array.of(0, 1),
    stripped.subarray(4, end),
    witness,
    stripped.subarray(end),
  );
}

/** The items of each input's stack. @throws ProofError unless exactly `inputs` stacks, one of them with an item */
export function parseWitness(witness: Uint8Array, inputs: number): Uint8Array[][] {
  const reader = new ByteReader(witness);
  const stacks = readWitness(reader, inputs);
  if (reader.left > 0) throw new ProofError('non-canonical', `${reader.left} bytes after the witness`);
  return stacks;
}

function readWitness(reader: ByteReader, inputs: number): Uint8Array[][] {
  const stacks: Uint8Array[][] = [];
  for (let i = 0; i < inputs; i++) {
    const items: Uint8Array[] = [];
    for (let left = reader.compactSize(); left > 0; left--) items.push(reader.sized());
    stacks.push(items);
  }
  assertWitness(stacks.some((items) => items.length > 0));
  return stacks;
}

/** `readWitness` without keeping what it reads: the same errors. */
function skipWitness(reader: ByteReader, inputs: number): void {
  let found = false;
  for (let i = 0; i < inputs; i++) {
    for (let left = reader.compactSize(); left > 0; left--) {
      reader.skip(reader.compactSize());
      found = true;
    }
  }
  assertWitness(found);
}

function assertWitness(found: boolean): void {
  if (!found) throw new ProofError('non-canonical', 'transaction in witness form has no witness');
}

/** Whether it creates coins: one input that spends nothing (Bitcoin Core `CTransaction::IsCoinBase`). */
export function isCoinbase(transaction: BitcoinTransaction): boolean {
  const [input, second] = transaction.inputs;
  return input !== undefined && second === undefined && input.output === NULL_OUTPUT && isZero(input.txid);
}

function readBody(reader: ByteReader): Pick<BitcoinTransaction, 'inputs' | 'outputs'> {
  const inputs: TransactionInput[] = [];
  for (let left = reader.compactSize(); left > 0; left--) {
    inputs.push({
      txid: reader.take(32),
      output: reader.uint32(),
      script: reader.sized(),
      sequence: reader.uint32(),
    });
  }
  assertSome(inputs.length, 'inputs');
  const outputs: TransactionOutput[] = [];
  for (let left = reader.compactSize(); left > 0; left--) {
    const value = reader.uint64();
    if (value > MAX_MONEY) throw tooMuch(value);
    outputs.push({ value, script: reader.sized() });
  }
  assertSome(outputs.length, 'outputs');
  return { inputs, outputs };
}

/** `readBody` without keeping what it reads: the same errors. @returns the number of inputs */
function skipBody(reader: ByteReader): number {
  const inputs = reader.compactSize();
  for (let left = inputs; left > 0; left--) {
    reader.skip(OUTPOINT_BYTES);
    reader.skip(reader.compactSize());
    reader.skip(SEQUENCE_BYTES);
  }
  assertSome(inputs, 'inputs');
  const outputs = reader.compactSize();
  for (let left = outputs; left > 0; left--) {
    const low = reader.uint32();
    const high = reader.uint32();
    // Exact up to the maximum, and above it whatever it is rounded to.
    if (high * 2 ** 32 + low > MAX_MONEY) throw tooMuch((BigInt(high) << 32n) | BigInt(low));
    reader.skip(reader.compactSize());
  }
  assertSome(outputs, 'outputs');
  return inputs;
}

function assertSome(count: number, what: string): void {
  if (count === 0) throw new ProofError('malformed', `transaction has no ${what}`);
}

function tooMuch(value: bigint): ProofError {
  return new ProofError('malformed', `output of ${value} satoshi is more than exist`);
}
