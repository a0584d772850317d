import { ProofError } from '../../../proofs/errors/proof.js';
import { ByteReader } from '../proofs/reader.js';
import { WireError } from './errors.js';

/**
 * Reads a payload with `read`, to its end.
 * @param partly whether what follows is left unread: fields of a later version
 * @throws WireError `malformed`
 */
export function readPayload<T>(
  command: string,
  payload: Uint8Array,
  read: (reader: ByteReader) => T,
  partly = false,
): T {
  const reader = new ByteReader(payload);
  let value: T;
  try {
    value = read(reader);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new WireError('malformed', `${command} cannot be read`, error);
  }
  if (!partly && reader.left > 0)
    throw new WireError('malformed', `${command} has ${reader.left} bytes too many`);
  return value;
}

/**
 * A count that is at most `most`, of things of at least `bytesEach` bytes that are still to be read: a count that the
 * payload cannot hold costs no memory.
 * @throws WireError `malformed`
 */
export function readCount(
  reader: ByteReader,
  command: string,
  what: string,
  most: number,
  bytesEach: number,
): number {
  const count = reader.compactSize();
  if (count > most)
    throw new WireError('malformed', `${command} has ${count} ${what}, more than ${Math.floor(most)}`);
  if (count * bytesEach > reader.left)
    throw new WireError('malformed', `${command} ends before its ${count} ${what}`);
  return count;
}
