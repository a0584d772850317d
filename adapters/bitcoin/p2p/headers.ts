import { concatBytes } from '../../../proofs/bytes.js';
import { compactSize } from '../proofs/wire.js';
import { HEADER_BYTES } from '../rules/header.js';
import { readCount, readPayload } from './bytes.js';
import { WireError } from './errors.js';
import { MAX_HEADERS } from './limits.js';

export interface HeadersMessage {
  readonly command: 'headers';
  /** Raw, 80 bytes each, at most 2000. */
  readonly headers: readonly Uint8Array[];
}

const NO_TRANSACTIONS = Uint8Array.of(0);

/** Payload of a `headers`: each with the number of its transactions, which is always 0. */
export function encodeHeaders({ headers }: HeadersMessage): Uint8Array {
  return concatBytes(compactSize(headers.length), ...headers.flatMap((header) => [header, NO_TRANSACTIONS]));
}

/** @throws WireError */
export function decodeHeaders(payload: Uint8Array): HeadersMessage {
  return readPayload('headers', payload, (reader) => {
    const count = readCount(reader, 'headers', 'headers', MAX_HEADERS, HEADER_BYTES + 1);
    const headers: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      headers.push(reader.take(HEADER_BYTES));
      if (reader.compactSize() !== 0)
        throw new WireError('malformed', 'headers has a header with transactions');
    }
    return { command: 'headers', headers };
  });
}
