import { concatBytes } from '../../../proofs/bytes.js';
import { RecordBatchError } from './errors.js';
import type { Api } from './link.js';
import { int16, int32, string, WireReader } from './wire.js';

/** Kafka's protocol, `Produce`: version 7, of Kafka 2.1 and later. */
export const PRODUCE: Api = { key: 0, version: 7 };
/** Kafka's protocol, `InitProducerId`: version 1. */
export const INIT_PRODUCER_ID: Api = { key: 22, version: 1 };

const ACKS_ALL = -1;
const NO_TRANSACTION = int16(-1);

/** One record batch for partition 0, acknowledged by all replicas in sync. */
export function encodeProduce(topic: string, batch: Uint8Array, timeoutMs: number): Uint8Array {
  return concatBytes(
    ...[NO_TRANSACTION, int16(ACKS_ALL), int32(timeoutMs), int32(1), string(topic)],
    ...[int32(1), int32(0), int32(batch.length), batch],
  );
}

/** What became of a batch. */
export interface ProduceResponse {
  /** 0 for success. */
  readonly code: number;
  /** Offset of the first record; -1 where the broker does not say. */
  readonly offset: number;
}

/** @throws RecordBatchError */
export function decodeProduce(bytes: Uint8Array): ProduceResponse {
  const reader = new WireReader(bytes);
  if (reader.int32() !== 1) throw new RecordBatchError('an answer to a batch has not one topic');
  reader.string();
  if (reader.int32() !== 1) throw new RecordBatchError('an answer to a batch has not one partition');
  reader.int32();
  return { code: reader.int16(), offset: reader.int64() };
}

export function encodeInitProducerId(): Uint8Array {
  return concatBytes(NO_TRANSACTION, int32(60_000));
}

/** @throws RecordBatchError */
export function decodeInitProducerId(bytes: Uint8Array): {
  readonly code: number;
  readonly id: number;
  readonly epoch: number;
} {
  const reader = new WireReader(bytes);
  reader.int32();
  return { code: reader.int16(), id: reader.int64(), epoch: reader.int16() };
}
