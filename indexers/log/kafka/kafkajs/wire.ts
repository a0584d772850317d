import type { KafkaConfig } from 'kafkajs';
import { ended, type Tell } from '../closing.js';
import type { BrokerConnection } from '../driver.js';
import { KafkaUnavailableError } from '../errors.js';
import { fromKafkajs } from './errors.js';

/** What is used of kafkajs below its public interface; its version is pinned, and it changes no more. */
interface Encoder {
  writeBufferInternal(bytes: Buffer): void;
}
interface WireRequest {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<Encoder>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<Buffer>;
    parse(payload: Buffer): Promise<Buffer>;
  };
}
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(node: {
    nodeId: string;
  }): Promise<{ readonly connectionPool: { send(request: WireRequest): Promise<Buffer> } }>;
}
type Inner = {
  readonly cluster: new (options: Record<string, unknown>) => Cluster;
  readonly encoder: new () => Encoder;
  readonly loggers: { createLogger(options: Record<string, unknown>): unknown };
  readonly socketFactory: () => unknown;
};

/** Plain requests through kafkajs's cluster and connections: its consumer, which can stall unnoticed, is not used. */
export class KafkajsConnection implements BrokerConnection {
  readonly #inner: Inner;
  readonly #cluster: Cluster;
  readonly #tell: Tell;

  private constructor(inner: Inner, cluster: Cluster, tell: Tell) {
    this.#tell = tell;
    this.#inner = inner;
    this.#cluster = cluster;
  }

  static async open(require: NodeJS.Require, config: KafkaConfig, tell: Tell): Promise<KafkajsConnection> {
    const inner: Inner = {
      cluster: require('kafkajs/src/cluster/index.js'),
      encoder: require('kafkajs/src/protocol/encoder.js'),
      loggers: require('kafkajs/src/loggers/index.js'),
      socketFactory: require('kafkajs/src/network/socketFactory.js'),
    };
    const cluster = new inner.cluster({
      ...config,
      logger: inner.loggers.createLogger({ level: config.logLevel, logCreator: config.logCreator }),
      socketFactory: inner.socketFactory(),
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
    });
    try {
      await cluster.connect();
    } catch (error) {
      await ended('a connection that was not made', () => cluster.disconnect(), tell);
      throw fromKafkajs('connect', error);
    }
    return new KafkajsConnection(inner, cluster, tell);
  }

  async request(topic: string, apiKey: number, apiVersion: number, body: Uint8Array): Promise<Uint8Array> {
    try {
      await this.#cluster.addTargetTopic(topic);
      const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [0]));
      if (nodeId === undefined) throw new KafkaUnavailableError(`${topic} has no leader`);
      const { connectionPool } = await this.#cluster.findBroker({ nodeId });
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      const answer = await connectionPool.send({
        request: {
          apiKey,
          apiVersion,
          apiName: apiKey === 1 ? 'Fetch' : `Api${apiKey}`,
          encode: async () => {
            const encoder = new this.#inner.encoder();
            encoder.writeBufferInternal(bytes);
            return encoder;
          },
        },
        response: { decode: async (payload) => payload, parse: async (payload) => payload },
      });
      // Plain bytes: a Buffer's slices are views.
      return new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength);
    } catch (error) {
      if (error instanceof KafkaUnavailableError) throw error;
      throw fromKafkajs(`ask for ${topic}`, error);
    }
  }

  async close(): Promise<void> {
    await ended('a connection', () => this.#cluster.disconnect(), this.#tell);
  }
}
