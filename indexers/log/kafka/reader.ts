import { setTimeout as sleep } from 'node:timers/promises';
import { type BrokerConnection, type KafkaDriver, REQUEST_TIMEOUT_MS } from './driver.js';
import { KafkaUnavailableError } from './errors.js';
import {
  decodeFetch,
  decodeListOffsets,
  encodeFetch,
  encodeListOffsets,
  FETCH,
  type FetchResponse,
  LIST_OFFSETS,
  type OffsetQuery,
} from './wire.js';

export interface ReaderOptions {
  readonly driver: KafkaDriver;
  /** The broker waits so long for a first record, milliseconds. Default 500. */
  readonly maxWaitMs?: number;
  /** Of one answer; one record batch comes even if it is larger. Default 2 MiB. */
  readonly maxBytes?: number;
  /** An answer that takes longer has stalled. Default 10,000 and `maxWaitMs`. */
  readonly deadlineMs?: number;
}

/**
 * Asks the leader of a topic, over a connection of its own. It asks only when it is told to, so memory is bounded by one
 * answer; whatever fails or takes too long ends the connection, and the next question makes a new one with fresh metadata.
 */
export class TopicReader {
  readonly #options: ReaderOptions;
  #connection: Promise<BrokerConnection> | undefined;
  /** Answers that did not come in time. */
  stalls = 0;
  /** Connections made. */
  connections = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** @throws KafkaResponseError, KafkaUnavailableError, KafkaRefusedError */
  async fetch(topic: string, offset: number): Promise<FetchResponse> {
    const { maxWaitMs = 500, maxBytes = 2 ** 21 } = this.#options;
    const body = encodeFetch({ topic, offset, maxWaitMs, maxBytes });
    return this.#decoded(decodeFetch, await this.#ask(topic, FETCH, body, maxWaitMs));
  }

  /** @returns `undefined` if there is no such record. @throws as `fetch` */
  async offset(topic: string, query: OffsetQuery): Promise<number | undefined> {
    return this.#decoded(
      decodeListOffsets,
      await this.#ask(topic, LIST_OFFSETS, encodeListOffsets(topic, query), 0),
    );
  }

  /** The next question goes over a new connection. */
  async reconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    // One that never came about has nothing to close.
    await (await connection?.catch(() => undefined))?.close();
  }

  async #ask(
    topic: string,
    api: { readonly key: number; readonly version: number },
    body: Uint8Array,
    waitMs: number,
  ): Promise<Uint8Array> {
    const deadlineMs = (this.#options.deadlineMs ?? REQUEST_TIMEOUT_MS) + waitMs;
    const done = new AbortController();
    const late = sleep(deadlineMs, 'late' as const, { signal: done.signal }).catch(() => 'late' as const);
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

  async #send(
    topic: string,
    api: { readonly key: number; readonly version: number },
    body: Uint8Array,
  ): Promise<Uint8Array> {
    if (this.#connection === undefined) {
      this.connections++;
      this.#connection = this.#options.driver.connect();
    }
    const connection = await this.#connection;
    return connection.request(topic, api.key, api.version, body);
  }

  /** An error in the answer, such as another leader, calls for fresh metadata. */
  #decoded<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
    try {
      return decode(bytes);
    } catch (error) {
      void this.reconnect();
      throw error;
    }
  }
}
