import { concatBytes, toBareHex } from '../../../proofs/bytes.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { Json } from '../../../proofs/verify/payload.js';
import { ByteReader } from './reader.js';

const OP_RETURN = 0x6a;
const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA4 = 0x4e;
const OP_1NEGATE = 0x4f;
const OP_1 = 0x51;
const OP_16 = 0x60;

/** One push as the script makes it: another opcode could push the same data. */
export interface DataPush {
  readonly opcode: number;
  readonly data: Uint8Array;
}

/** Whether a script begins as one that carries data does. */
export function isDataScript(script: Uint8Array): boolean {
  return script[0] === OP_RETURN;
}

/**
 * The pushes of a script that is OP_RETURN and pushes only (Bitcoin Core `Solver`, `IsPushOnly`; OP_RESERVED, which
 * pushes nothing, is not taken for one).
 * @throws ProofError `transaction-mismatch` for any other script
 */
export function dataPushes(script: Uint8Array): DataPush[] {
  if (!isDataScript(script))
    throw new ProofError('transaction-mismatch', 'the output does not begin with OP_RETURN');
  const reader = new ByteReader(script);
  reader.take(1);
  const pushes: DataPush[] = [];
  try {
    while (reader.left > 0) pushes.push(readPush(reader));
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new ProofError(
      'transaction-mismatch',
      `what follows OP_RETURN is not pushes of data only, from byte ${reader.position} on`,
      error,
    );
  }
  return pushes;
}

function readPush(reader: ByteReader): DataPush {
  const opcode = reader.take(1)[0] ?? 0;
  if (opcode < OP_PUSHDATA1) return { opcode, data: reader.take(opcode) };
  if (opcode <= OP_PUSHDATA4) {
    const length = reader.take(1 << (opcode - OP_PUSHDATA1));
    return { opcode, data: reader.take(length.reduceRight((sum, byte) => sum * 256 + byte, 0)) };
  }
  if (opcode === OP_1NEGATE) return { opcode, data: Uint8Array.of(0x81) };
  if (opcode >= OP_1 && opcode <= OP_16) return { opcode, data: Uint8Array.of(opcode - OP_1 + 1) };
  throw new ProofError('malformed', `opcode ${opcode} pushes nothing`);
}

/** What the pushes carry, for people and programs: each, all joined, and as text if it is printable UTF-8. */
export function dataFacts(pushes: readonly DataPush[]): {
  readonly facts: Readonly<Record<string, Json>>;
  readonly bytes: number;
  readonly text: string | undefined;
} {
  const joined = concatBytes(...pushes.map(({ data }) => data));
  const text = printable(joined);
  return {
    facts: {
      pushes: pushes.map(({ opcode, data }) => ({ opcode, data: toBareHex(data) })),
      data: toBareHex(joined),
      ...(text === undefined ? {} : { text }),
    },
    bytes: joined.length,
    text,
  };
}

/** Letters, marks, numbers, punctuation, symbols and spaces only: nothing that moves a terminal's cursor or turns text about. */
function printable(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]+$/u.test(text) ? text : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
