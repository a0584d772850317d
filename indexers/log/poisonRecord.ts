import { ByteListType, ContainerType, type ValueOf } from '@chainsafe/ssz';
import { utf8 } from '../../proofs/bytes.js';
import { Bytes32, Count64, Uint8 } from '../../proofs/containers/primitives.js';
import { MalformedInputError } from '../../proofs/errors/input.js';

/** First byte of a record that was set aside. */
export const POISON_VERSION = 1;
/** Most bytes of key and value that a copy keeps; the record itself stays where it is. */
export const POISON_KEEPS = 16_384;

/** A record that cannot be used: where it is, why, and what it is. */
export interface PoisonRecord {
  readonly topic: string;
  readonly offset: number;
  readonly time: number;
  readonly reason: string;
  /** Up to 16,384 bytes. */
  readonly key: Uint8Array;
  /** Up to 16,384 bytes. */
  readonly value: Uint8Array;
  /** SHA-256 of the whole value. */
  readonly digest: Uint8Array;
}

const PoisonRecordType = new ContainerType(
  {
    version: Uint8,
    topic: new ByteListType(256),
    offset: Count64,
    time: Count64,
    reason: new ByteListType(512),
    key: new ByteListType(POISON_KEEPS),
    value: new ByteListType(POISON_KEEPS),
    digest: Bytes32,
  },
  { typeName: 'PoisonRecord', jsonCase: 'eth2' },
);

/** `version` first, then the container's other fields: SSZ. */
export function encodePoison(record: PoisonRecord): Uint8Array {
  return PoisonRecordType.serialize({
    version: POISON_VERSION,
    topic: utf8(record.topic).subarray(0, 256),
    offset: record.offset,
    time: Math.max(0, record.time),
    reason: utf8(record.reason).subarray(0, 512),
    key: record.key.subarray(0, POISON_KEEPS),
    value: record.value.subarray(0, POISON_KEEPS),
    digest: record.digest,
  });
}

/** @throws MalformedInputError */
export function decodePoison(bytes: Uint8Array): PoisonRecord {
  let record: ValueOf<typeof PoisonRecordType>;
  try {
    record = PoisonRecordType.deserialize(bytes);
  } catch (error) {
    throw new MalformedInputError('poison record', 'cannot be decoded', error);
  }
  if (record.version !== POISON_VERSION)
    throw new MalformedInputError('poison record', `has the unknown version ${record.version}`);
  return { ...record, topic: text(record.topic), reason: text(record.reason) };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
