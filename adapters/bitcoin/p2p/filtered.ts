import { concatBytes } from '../../../proofs/bytes.js';
import { compactSize, uint32le } from '../proofs/wire.js';
import { readCount, readPayload } from './bytes.js';
import { WireError } from './errors.js';
import { MAX_FILTER_BYTES, MAX_FILTER_ELEMENT, MAX_FILTER_FUNCTIONS } from './limits.js';

/** A Bloom filter as it is loaded into a peer (BIP37). */
export interface FilterLoadMessage {
  readonly command: 'filterload';
  /** The bits, at most 36,000 bytes. */
  readonly data: Uint8Array;
  /** At most 50. */
  readonly functions: number;
  readonly tweak: number;
  /** 0: nothing is added on a match; 1: the outpoints that matched; 2: those that pay to a key or to bare multisig. */
  readonly flags: number;
}

export interface FilterAddMessage {
  readonly command: 'filteradd';
  /** At most 520 bytes. */
  readonly data: Uint8Array;
}

/** Payload of a `filterload`. */
export function encodeFilterLoad({ data, functions, tweak, flags }: FilterLoadMessage): Uint8Array {
  return concatBytes(
    compactSize(data.length),
    data,
    uint32le(functions),
    uint32le(tweak),
    Uint8Array.of(flags),
  );
}

/** @throws WireError */
export function decodeFilterLoad(payload: Uint8Array): FilterLoadMessage {
  return readPayload('filterload', payload, (reader) => {
    const data = reader.take(readCount(reader, 'filterload', 'bytes', MAX_FILTER_BYTES, 1)).slice();
    const functions = reader.uint32();
    if (functions > MAX_FILTER_FUNCTIONS)
      throw new WireError('malformed', `filterload has ${functions} hash functions`);
    const tweak = reader.uint32();
    const [flags = 0] = reader.take(1);
    return { command: 'filterload', data, functions, tweak, flags };
  });
}

/** @throws WireError */
export function decodeFilterAdd(payload: Uint8Array): FilterAddMessage {
  return readPayload('filteradd', payload, (reader) => {
    const data = reader.take(readCount(reader, 'filteradd', 'bytes', MAX_FILTER_ELEMENT, 1)).slice();
    return { command: 'filteradd', data };
  });
}
