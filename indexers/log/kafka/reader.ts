import { type KafkaDriver, REQUEST_TIMEOUT_MS } from './driver.js';
import { type Api, BrokerLink } from './link.js';
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

/** Reads topics. It asks only when it is told to, so memory is bounded by one answer. */
export class TopicReader {
  readonly #options: ReaderOptions;
  readonly #link: BrokerLink;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#link = new BrokerLink(options.driver);
  }

  /** Answers that did not come in time. */
  get stalls(): number {
    return this.#link.stalls;
  }
  /** Connections made. */
  get connections(): number {
    return this.#link.connections;
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
  reconnect(): Promise<void> {
    return this.#link.reconnect();
  }

  #ask(topic: string, api: Api, body: Uint8Array, waitMs: number): Promise<Uint8Array> {
    return this.#link.ask(topic, api, body, (this.#options.deadlineMs ?? REQUEST_TIMEOUT_MS) + waitMs);
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
