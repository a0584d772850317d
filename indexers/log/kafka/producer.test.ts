import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { encodeBatch } from '../../../test/support/kafka/encodeBatch.js';
import { compress, encodeRecords, sealBatch } from './batchEncoder.js';
import { crc32c } from './crc32c.js';
import type { BrokerConnection, KafkaSettings, OutBatch } from './driver.js';
import { KafkaRefusedError, KafkaUnavailableError } from './errors.js';
import { BatchProducer } from './producer.js';
import { INIT_PRODUCER_ID, PRODUCE } from './produceWire.js';
import { type InRecord, readBatches } from './recordBatch.js';
import { int16, int32, string, WireReader } from './wire.js';

const int64 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes;
};
const bytes = fc.uint8Array({ maxLength: 300 });
const records = fc.array(
  fc.record({
    key: bytes,
    value: bytes,
    headers: fc.dictionary(fc.stringMatching(/^[a-z]{1,70}$/), bytes, { maxKeys: 4 }),
  }),
  { minLength: 1, maxLength: 80 },
);
const place = { id: 2 ** 40 + 7, epoch: 3, sequence: 2 ** 31 - 5 };

describe('a record batch', () => {
  test('is the one that is defined', () => {
    fc.assert(
      fc.property(records, (all) => {
        const batch = sealBatch(encodeRecords(all).body, all.length, place, { time: 1234 });
        const other = encodeBatch(all, { firstOffset: 0, time: 1234, attributes: 0 });
        expect(batch).toHaveLength(other.length);
        // All but the leader's epoch, the checksum, and who produced it.
        const parts = [
          [0, 12],
          [16, 17],
          [21, 43],
          [57, other.length],
        ] as const;
        for (const [from, to] of parts) expect(batch.subarray(from, to)).toEqual(other.subarray(from, to));
        const read = new WireReader(batch, 17);
        expect(read.uint32()).toBe(crc32c(batch.subarray(21)));
        const producer = new WireReader(batch, 43);
        expect([producer.int64(), producer.int16(), producer.int32()]).toEqual([
          place.id,
          place.epoch,
          place.sequence,
        ]);
      }),
    );
  });

  test('is read as it was written, compressed or not', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.boolean(), async (all, gzipped) => {
        const plain = encodeRecords(all).body;
        const body = gzipped ? await compress(plain) : plain;
        const batch = sealBatch(body, all.length, place, { time: 99, gzipped });
        const [one] = readBatches(batch, 2 ** 20);
        const found: InRecord[] = [...one!.records()];
        expect(found.map(({ key, value, time }) => ({ key, value, time }))).toEqual(
          all.map(({ key, value }) => ({ key, value, time: 99 })),
        );
        found.forEach(({ headers, offset }, i) => {
          expect(offset).toBe(i);
          for (const [name, value] of Object.entries(all[i]!.headers))
            if (name.length <= 64) expect(headers.get(name)).toEqual(value);
        });
      }),
    );
  });
});

interface Sent {
  readonly id: number;
  readonly sequence: number;
  readonly count: number;
  readonly gzip: boolean;
}
type Answer = number | 'break' | 'hang';

/** A leader that answers batches with error codes, breaks the connection or says nothing. */
class Leader {
  readonly sent: Sent[] = [];
  connections = 0;
  #producers = 100;
  #end = 0;

  constructor(
    readonly answers: Answer[] = [],
    readonly initial: number[] = [],
  ) {}

  producer(settings: Partial<KafkaSettings> = {}): BatchProducer {
    const connect = async (): Promise<BrokerConnection> => {
      this.connections++;
      return {
        request: async (topic, apiKey, _version, body) =>
          apiKey === INIT_PRODUCER_ID.key ? this.#begin() : this.#take(topic, apiKey, body),
        close: async () => undefined,
      };
    };
    return new BatchProducer({ connect }, { brokers: [], clientId: 'x', requestTimeoutMs: 50, ...settings });
  }

  #begin(): Uint8Array {
    const code = this.initial.shift() ?? 0;
    return concatBytes(int32(0), int16(code), int64(code === 0 ? this.#producers++ : -1), int16(0));
  }

  async #take(topic: string, apiKey: number, body: Uint8Array): Promise<Uint8Array> {
    expect(apiKey).toBe(PRODUCE.key);
    const request = new WireReader(body);
    expect([request.int16(), request.int16()]).toEqual([-1, -1]);
    request.int32();
    expect([request.int32(), request.string(), request.int32(), request.int32()]).toEqual([1, topic, 1, 0]);
    const batch = request.bytes(request.int32());
    const header = new WireReader(batch, 43);
    const id = header.int64();
    header.int16();
    const gzip = new WireReader(batch, 21).int16() === 1;
    const sent = { id, sequence: header.int32(), count: header.int32(), gzip };
    this.sent.push(sent);
    const answer = this.answers.shift() ?? 0;
    if (answer === 'break') throw new KafkaUnavailableError('broken');
    if (answer === 'hang') return new Promise(() => undefined);
    const offset = answer === 0 ? this.#end : -1;
    if (answer === 0) this.#end += sent.count;
    return concatBytes(
      ...[int32(1), string(topic), int32(1), int32(0), int16(answer), int64(offset), int64(-1), int64(0)],
      int32(0),
    );
  }
}

const some = (count: number): OutBatch =>
  encodeRecords(
    Array.from({ length: count }, (_, i) => ({
      key: Uint8Array.of(i),
      value: new Uint8Array(9),
      headers: {},
    })),
  );

describe('the producer', () => {
  test('numbers the records of a topic, and each topic by itself', async () => {
    const leader = new Leader();
    const producer = leader.producer();
    expect(await producer.produce('a', some(3))).toBe(0);
    expect(await producer.produce('a', some(2))).toBe(3);
    await producer.produce('b', some(1));
    await producer.produce('a', some(1));
    const gzip = false;
    expect(leader.sent).toEqual([
      { id: 100, sequence: 0, count: 3, gzip },
      { id: 100, sequence: 3, count: 2, gzip },
      { id: 101, sequence: 0, count: 1, gzip },
      { id: 100, sequence: 5, count: 1, gzip },
    ]);
    expect(leader.connections).toBe(2);
  });

  test('sends a batch again under the same number, over a new connection', async () => {
    const leader = new Leader(['break', 'hang', 0, 6, 46]);
    const producer = leader.producer({ compression: 'gzip' });
    expect(await producer.produce('a', some(2))).toBe(0);
    const again = { id: 100, sequence: 0, count: 2, gzip: true };
    expect(leader.sent).toEqual([again, again, again]);
    expect(leader.connections).toBe(3);
    // Another leader, which has it already.
    expect(await producer.produce('a', some(1))).toBe(-1);
    await producer.produce('a', some(1));
    expect(leader.sent.slice(3).map(({ id, sequence }) => [id, sequence])).toEqual([
      [100, 2],
      [100, 2],
      [100, 3],
    ]);
  });

  test('begins anew where the broker has forgotten it, or when it gives up', async () => {
    const leader = new Leader([59, 0, 45, 47, 0, 'break', 'break', 'break', 0]);
    const producer = leader.producer();
    const ids = () => leader.sent.splice(0).map(({ id, sequence }) => [id, sequence]);
    await producer.produce('a', some(1));
    expect(ids()).toEqual([
      [100, 0],
      [101, 0],
    ]);
    await producer.produce('a', some(1));
    expect(ids()).toEqual([
      [101, 1],
      [102, 0],
      [103, 0],
    ]);
    await expect(producer.produce('a', some(1))).rejects.toThrow(KafkaUnavailableError);
    await producer.produce('a', some(1));
    expect(ids().at(-1)).toEqual([104, 0]);
  });

  test('what is refused for good is not sent again', async () => {
    for (const code of [10, 29, 44]) {
      const leader = new Leader([code]);
      await expect(leader.producer().produce('a', some(1))).rejects.toThrow(KafkaRefusedError);
      expect(leader.sent).toHaveLength(1);
    }
    const leader = new Leader([], [31]);
    await expect(leader.producer().produce('a', some(1))).rejects.toThrow(KafkaRefusedError);
    expect(leader.sent).toHaveLength(0);
    // A coordinator that is loading is waited for.
    await new Leader([], [14]).producer().produce('a', some(1));
  });

  test('ends with the client', async () => {
    const leader = new Leader(['hang']);
    const producer = leader.producer();
    const last = expect(producer.produce('a', some(1))).rejects.toThrow(KafkaUnavailableError);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await producer.close();
    await last;
    await expect(producer.produce('a', some(1))).rejects.toThrow('closed');
    expect(leader.connections).toBe(1);
  });
});
