import { decodeEvent, encodeEvent, eventOf } from '../../indexers/log/event.js';
import { EMPTY_FOLD, judge } from '../../indexers/log/kafka/fold.js';
import { leaseRecord } from '../../indexers/log/kafka/messages.js';
import { decodeMirrorState, EMPTY_MIRROR, encodeMirrorState } from '../../indexers/log/kafka/mirrorState.js';
import { readBatches } from '../../indexers/log/kafka/recordBatch.js';
import { decodeFetch, decodeListOffsets } from '../../indexers/log/kafka/wire.js';
import { decodePoison, encodePoison } from '../../indexers/log/poisonRecord.js';
import { blockCodec, evidenceCodec } from '../../indexers/log/records.js';
import { bytesEqual, concatBytes } from '../../proofs/bytes.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { emptyHistory, historyRoot } from '../../proofs/history/history.js';
import { fakeGenesis } from '../support/indexers/fakeKind.js';
import { encodeBatch } from '../support/kafka/encodeBatch.js';
import { eventRecords } from '../support/kafka/eventRecords.js';
import type { FuzzTarget } from './harness.js';

const holder = new Uint8Array(16).fill(7);
const event = { ...eventOf('connect', fakeGenesis), chain: 'a', number: 1, epoch: 1 };
const [sample] = eventRecords([event], holder);
const lease = leaseRecord({ chain: 'a', epoch: 1, holder, client: 'host 1' });
const records = sample === undefined ? [lease] : [sample, lease];
const batch = (gzip: boolean) => encodeBatch(records, { firstOffset: 5, time: 9, gzip });
const zero = new Uint8Array(32);
const at = { offset: 0, time: 0, key: undefined, headers: new Map<string, Uint8Array>() };
const state = { ...EMPTY_FOLD, epoch: 1, holder };

function everyRecord(input: Uint8Array): void {
  for (const each of readBatches(input, 2 ** 20))
    for (const record of each.records()) judge('a', state, () => undefined, record);
}

const emptyIndex = historyRoot(emptyHistory(0));

/** The right key, where the value has a header in the right place. */
function rootOf(value: Uint8Array): Uint8Array {
  const header = value.subarray(13, 13 + MainHeaderType.serialize(MainHeaderType.defaultValue()).length);
  try {
    return MainHeaderType.hashTreeRoot(MainHeaderType.deserialize(header));
  } catch {
    return zero;
  }
}

/** Everything that comes from a Kafka topic, and from the local copy of it. */
export const kafkaTargets: readonly FuzzTarget[] = [
  {
    name: 'log event',
    seeds: [encodeEvent(event)],
    run(input) {
      if (!bytesEqual(encodeEvent(decodeEvent(input)), input)) throw new Error('a second encoding');
    },
  },
  {
    name: 'record batches',
    seeds: [batch(false), batch(true), concatBytes(batch(false), batch(true))],
    run: everyRecord,
  },
  {
    name: 'records in a whole batch',
    seeds: records.map(({ value }) => value),
    run(input) {
      everyRecord(
        encodeBatch(
          [
            { ...records[0], value: input },
            { ...lease, value: input },
          ],
          { firstOffset: 0, time: 0 },
        ),
      );
    },
  },
  {
    name: 'fetch answer',
    seeds: [
      concatBytes(
        new Uint8Array(10),
        Uint8Array.of(0, 0, 0, 1, 0, 1, 97, 0, 0, 0, 1),
        new Uint8Array(30),
        Uint8Array.of(255, 255, 255, 255, 0, 0, 0, batch(false).length),
        batch(false),
      ),
    ],
    run: (input) => everyRecord(decodeFetch(input).batches),
  },
  {
    name: 'list of offsets',
    seeds: [
      concatBytes(new Uint8Array(4), Uint8Array.of(0, 0, 0, 1, 0, 1, 97, 0, 0, 0, 1), new Uint8Array(22)),
    ],
    run: (input) => void decodeListOffsets(input),
  },
  {
    name: 'poison record',
    seeds: [
      encodePoison({
        ...{ topic: 'x.events.a', offset: 1, time: 2, reason: 'broken' },
        key: zero,
        value: zero,
        digest: zero,
      }),
    ],
    run: (input) => void decodePoison(input),
  },
  {
    name: 'block record',
    seeds: [
      blockCodec.encode({
        header: MainHeaderType.serialize({ ...MainHeaderType.defaultValue(), indexRoot: emptyIndex }),
        certificate: new Uint8Array(),
        commitments: [],
      }).value,
    ],
    run: (value) => void blockCodec.decode({ ...at, value, key: rootOf(value) }),
  },
  {
    name: 'evidence record',
    seeds: [
      evidenceCodec.encode({ chain: 'a', evidence: new TextEncoder().encode('{"kind":"disagreement"}') })
        .value,
    ],
    run: (value) => void evidenceCodec.decode({ ...at, value, key: sha256(value) }),
  },
  {
    name: 'mirror state',
    seeds: [encodeMirrorState({ ...EMPTY_MIRROR, fold: { ...state, tip: { height: 5, hash: zero } } })],
    run: (input) => void decodeMirrorState(input),
  },
];
