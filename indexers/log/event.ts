import { ByteListType, ContainerType, type ValueOf } from '@chainsafe/ssz';
import type { ForeignHeader } from '../../adapters/types.js';
import { concatBytes, utf8 } from '../../proofs/bytes.js';
import { Bytes32, Count64, Uint8 } from '../../proofs/containers/primitives.js';
import { MAX_CHAIN_NAME } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';

export const EventType = { connect: 1, disconnect: 2, finalize: 3 } as const;
export type EventName = keyof typeof EventType;

/** What happened to one header of one chain. */
export interface EventInput {
  readonly type: EventName;
  readonly height: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
  /** The header's own time, Unix seconds. */
  readonly time: number;
  /** The header as it is hashed. */
  readonly raw: Uint8Array;
}

/** An event as the log has it. */
export interface ChainEvent extends EventInput {
  readonly chain: string;
  /** From 1, without gaps, per chain. */
  readonly number: number;
  /** Of the producer lease under which it was written. */
  readonly epoch: number;
}

/** First byte of a record. */
export const EVENT_VERSION = 1;

const EventRecordType = new ContainerType(
  {
    chain: new ByteListType(MAX_CHAIN_NAME),
    number: Count64,
    epoch: Count64,
    type: Uint8,
    height: Count64,
    hash: Bytes32,
    parentHash: Bytes32,
    time: Count64,
    raw: new ByteListType(8192),
  },
  { typeName: 'EventRecord', jsonCase: 'eth2' },
);

/** `version ‖ SSZ`. */
export function encodeEvent(event: ChainEvent): Uint8Array {
  const record: ValueOf<typeof EventRecordType> = {
    ...event,
    chain: utf8(event.chain),
    type: EventType[event.type],
  };
  return concatBytes(Uint8Array.of(EVENT_VERSION), EventRecordType.serialize(record));
}

/** @throws MalformedInputError */
export function decodeEvent(bytes: Uint8Array): ChainEvent {
  if (bytes[0] !== EVENT_VERSION)
    throw new MalformedInputError('log event', `has the unknown version ${bytes[0] ?? 'none'}`);
  let record: ValueOf<typeof EventRecordType>;
  try {
    record = EventRecordType.deserialize(bytes.subarray(1));
  } catch (error) {
    throw new MalformedInputError('log event', 'cannot be decoded', error);
  }
  const type = eventName(record.type);
  if (type === undefined) throw new MalformedInputError('log event', `has the unknown type ${record.type}`);
  return { ...record, chain: new TextDecoder().decode(record.chain), type };
}

/** The event of `type` for a header. */
export function eventOf(type: EventName, header: ForeignHeader): EventInput {
  const { height, hash, parentHash, time, raw } = header;
  return { type, height, hash, parentHash, time, raw };
}

function eventName(code: number): EventName | undefined {
  if (code === EventType.connect) return 'connect';
  if (code === EventType.disconnect) return 'disconnect';
  return code === EventType.finalize ? 'finalize' : undefined;
}
