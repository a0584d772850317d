import { ByteListType, ByteVectorType, ContainerType, type ValueOf } from '@chainsafe/ssz';
import { bytesEqual, concatBytes, utf8 } from '../../../proofs/bytes.js';
import { Count64 } from '../../../proofs/containers/primitives.js';
import { MAX_CHAIN_NAME } from '../../../proofs/containers/spec.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { readUint64 } from '../../keys.js';
import { type ChainEvent, decodeEvent } from '../event.js';
import type { OutRecord } from './driver.js';
import type { InRecord } from './recordBatch.js';

/** The header `kind` of records in a topic of events. */
export const RecordKind = { event: 1, lease: 2 } as const;

/** First byte of a lease record. */
export const LEASE_VERSION = 1;
export const HOLDER_BYTES = 16;
const LEASE_KEY = utf8('lease');

/** A producer takes the chain from this record on, if it is the first with the next epoch. */
export interface LeaseRecord {
  readonly chain: string;
  readonly epoch: number;
  /** Random: tells two that want the same epoch apart, and its events from those of a stray writer. 16 bytes. */
  readonly holder: Uint8Array;
  /** Who, for people. */
  readonly client: string;
}

const LeaseRecordType = new ContainerType(
  {
    chain: new ByteListType(MAX_CHAIN_NAME),
    epoch: Count64,
    holder: new ByteVectorType(HOLDER_BYTES),
    client: new ByteListType(256),
  },
  { typeName: 'LeaseRecord', jsonCase: 'eth2' },
);

export function leaseRecord(lease: LeaseRecord): OutRecord {
  const value: ValueOf<typeof LeaseRecordType> = {
    ...lease,
    chain: utf8(lease.chain),
    client: utf8(lease.client).subarray(0, 256),
  };
  return {
    key: LEASE_KEY,
    value: concatBytes(Uint8Array.of(LEASE_VERSION), LeaseRecordType.serialize(value)),
    headers: { kind: Uint8Array.of(RecordKind.lease) },
  };
}

export type LogRecord =
  | { readonly kind: 'lease'; readonly lease: LeaseRecord }
  | {
      readonly kind: 'event';
      readonly event: ChainEvent;
      readonly holder: Uint8Array;
      /** Number of the first event of the same append. */
      readonly first: number;
    };

/** What a record of a chain's topic says. @throws MalformedInputError */
export function parseRecord(chain: string, record: InRecord): LogRecord {
  const { key, value, headers } = record;
  if (value === undefined) throw new MalformedInputError('log record', 'has no value');
  const kind = headers.get('kind');
  if (kind?.length !== 1) throw new MalformedInputError('log record', 'has no kind');
  if (kind[0] === RecordKind.lease) return { kind: 'lease', lease: parseLease(chain, value) };
  if (kind[0] !== RecordKind.event)
    throw new MalformedInputError('log record', `has the unknown kind ${kind[0]}`);
  const event = decodeEvent(value);
  const lease = headers.get('lease');
  const parent = headers.get('parent');
  if (event.chain !== chain)
    throw new MalformedInputError('log record', `is of the chain ${event.chain.slice(0, 64)}`);
  if (key?.length !== 8 || readUint64(key) !== event.number)
    throw new MalformedInputError('log record', 'has another number in its key');
  if (lease?.length !== 16 + HOLDER_BYTES || readUint64(lease) !== event.epoch)
    throw new MalformedInputError('log record', 'has no lease, or one of another epoch');
  if (parent === undefined || !bytesEqual(parent, event.parentHash))
    throw new MalformedInputError('log record', 'has another parent in its header');
  const holder = lease.subarray(8, 8 + HOLDER_BYTES);
  return { kind: 'event', event, holder, first: readUint64(lease, 8 + HOLDER_BYTES) };
}

function parseLease(chain: string, bytes: Uint8Array): LeaseRecord {
  if (bytes[0] !== LEASE_VERSION)
    throw new MalformedInputError('lease record', `has the unknown version ${bytes[0] ?? 'none'}`);
  let record: ValueOf<typeof LeaseRecordType>;
  try {
    record = LeaseRecordType.deserialize(bytes.subarray(1));
  } catch (error) {
    throw new MalformedInputError('lease record', 'cannot be decoded', error);
  }
  const of = new TextDecoder().decode(record.chain);
  if (of !== chain) throw new MalformedInputError('lease record', `is of the chain ${of.slice(0, 64)}`);
  return { chain: of, epoch: record.epoch, holder: record.holder, client: text(record.client) };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
