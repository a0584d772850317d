import type { Base, BaseOptions, Connection } from '@platformatic/kafka';
import { ended, type Tell } from '../closing.js';
import type { BrokerConnection } from '../driver.js';
import { KafkaUnavailableError } from '../errors.js';
import type { Platformatic } from './driver.js';
import { fromPlatformatic } from './errors.js';

/** Plain requests through @platformatic/kafka's connections. */
export class PlatformaticConnection implements BrokerConnection {
  readonly #library: Platformatic;
  readonly #base: Base;
  readonly #tell: Tell;
  readonly #leaders = new Map<string, Connection>();

  constructor(library: Platformatic, options: BaseOptions, tell: Tell) {
    this.#tell = tell;
    this.#library = library;
    this.#base = new library.Base({ ...options, retries: 1 });
  }

  async request(topic: string, apiKey: number, apiVersion: number, body: Uint8Array): Promise<Uint8Array> {
    try {
      const connection = this.#leaders.get(topic) ?? (await this.#connect(topic));
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      return await new Promise<Uint8Array>((resolve, reject) => {
        connection.send(
          apiKey,
          apiVersion,
          () => this.#library.Writer.create().append(bytes),
          (_correlationId, _apiKey, _apiVersion, reader) =>
            // The reader's buffer is used again: copied.
            Uint8Array.from(reader.buffer.slice(reader.position)),
          false,
          false,
          (error, answer) => (answer === undefined ? reject(error) : resolve(answer)),
        );
      });
    } catch (error) {
      this.#leaders.delete(topic);
      if (error instanceof KafkaUnavailableError) throw error;
      throw fromPlatformatic(`ask for ${topic}`, error);
    }
  }

  async close(): Promise<void> {
    await ended('a connection', () => this.#base.close(), this.#tell);
  }

  async #connect(topic: string): Promise<Connection> {
    const { topics } = await this.#base.metadata({ topics: [topic], forceUpdate: true });
    const leader = topics.get(topic)?.partitions[0]?.leader;
    if (leader === undefined || leader < 0) throw new KafkaUnavailableError(`${topic} has no leader`);
    const connection = (await this.#base.connectToBrokers([leader])).get(leader);
    if (connection === undefined) throw new KafkaUnavailableError(`the leader of ${topic} is not known`);
    this.#leaders.set(topic, connection);
    return connection;
  }
}
