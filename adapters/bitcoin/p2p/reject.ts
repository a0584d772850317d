import { concatBytes, utf8 } from '../../../proofs/bytes.js';
import type { ByteReader } from '../proofs/reader.js';
import { compactSize } from '../proofs/wire.js';
import { readCount, readPayload } from './bytes.js';

/** Why a peer refused something (BIP61; btcd still sends it). */
export interface RejectMessage {
  readonly command: 'reject';
  /** Command that was refused. */
  readonly message: string;
  readonly code: number;
  /** For logs: ASCII here, other bytes as `?`. */
  readonly reason: string;
  /** Hash of what was refused, or nothing. */
  readonly data: Uint8Array;
}

/** Payload of a `reject`. */
export function encodeReject({ message, code, reason, data }: RejectMessage): Uint8Array {
  const name = utf8(message);
  const text = utf8(reason);
  return concatBytes(
    compactSize(name.length),
    name,
    Uint8Array.of(code),
    compactSize(text.length),
    text,
    data,
  );
}

/** @throws WireError */
export function decodeReject(payload: Uint8Array): RejectMessage {
  return readPayload('reject', payload, (reader) => {
    const message = readText(reader, 'command', 12);
    const [code = 0] = reader.take(1);
    const reason = readText(reader, 'reason', 111);
    return { command: 'reject', message, code, reason, data: reader.take(reader.left).slice() };
  });
}

function readText(reader: ByteReader, what: string, most: number): string {
  const bytes = reader.take(readCount(reader, 'reject', `bytes of ${what}`, most, 1));
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '?')).join(
    '',
  );
}
