import { pause } from '../../pause.js';
import type { BrokerConnection, KafkaDriver } from './driver.js';
import { KafkaUnavailableError } from './errors.js';

/** A request of Kafka's protocol, in a version without tagged fields. */
export interface Api {
  readonly key: number;
  readonly version: number;
}

/**
 * Asks the leaders of topics, over a connection of its own that is made when it is needed. Whatever fails or takes too long
 * ends the connection, and the next question makes a new one with fresh metadata.
 */
export class BrokerLink {
  readonly #driver: Pick<KafkaDriver, 'connect'>;
  #connection: Promise<BrokerConnection> | undefined;
  /** Answers that did not come in time. */
  stalls = 0;
  /** Connections made. */
  connections = 0;

  constructor(driver: Pick<KafkaDriver, 'connect'>) {
    this.#driver = driver;
  }

  /** @returns what follows the response header. @throws KafkaUnavailableError, KafkaRefusedError */
  async ask(topic: string, api: Api, body: Uint8Array, deadlineMs: number): Promise<Uint8Array> {
    const done = new AbortController();
    const late = pause(deadlineMs, done.signal).then(() => 'late' as const);
    try {
      const answer = await Promise.race([this.#send(topic, api, body), late]);
      if (answer !== 'late') return answer;
      this.stalls++;
      throw new KafkaUnavailableError(`no answer for ${topic} within ${deadlineMs} ms`);
    } catch (error) {
      // Not awaited: a connection that hangs may take its time to close.
      void this.reconnect();
      throw error;
    } finally {
      done.abort();
    }
  }

  /** The next question goes over a new connection. */
  async reconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    // One that never came about has nothing to close, and whoever asked for it was told why.
    await (await connection?.catch(() => undefined))?.close();
  }

  async #send(topic: string, api: Api, body: Uint8Array): Promise<Uint8Array> {
    if (this.#connection === undefined) {
      this.connections++;
      this.#connection = this.#driver.connect();
    }
    const connection = await this.#connection;
    return connection.request(topic, api.key, api.version, body);
  }
}
