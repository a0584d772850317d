import { Producer } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import type { OutRecord } from '../../indexers/log/kafka/driver.js';

/** A client's own producer, as its manual says: idempotent, acknowledged by all. */
export interface BareProducer {
  send(topic: string, records: readonly OutRecord[]): Promise<unknown>;
  close(): Promise<void>;
}

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const buffers = (headers: OutRecord['headers']): Record<string, Buffer> =>
  Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, buffer(bytes)]));

export async function bareKafkajs(brokers: readonly string[]): Promise<BareProducer> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return {
    send: (topic, records) =>
      producer.send({
        topic,
        acks: -1,
        messages: records.map(({ key, value, headers }) => ({
          ...{ partition: 0, key: buffer(key), value: buffer(value), headers: buffers(headers) },
        })),
      }),
    close: () => producer.disconnect(),
  };
}

export async function barePlatformatic(brokers: readonly string[]): Promise<BareProducer> {
  const producer = new Producer<Buffer, Buffer, string, Buffer>({
    ...{ clientId: 'bench', bootstrapBrokers: [...brokers], idempotent: true, acks: -1 },
    serializers: { headerKey: (name) => Buffer.from(name ?? '') },
  });
  return {
    send: (topic, records) =>
      producer.send({
        messages: records.map(({ key, value, headers }) => ({
          ...{ topic, partition: 0, key: buffer(key), value: buffer(value), headers: buffers(headers) },
        })),
      }),
    close: async () => {
      await producer.close();
    },
  };
}
