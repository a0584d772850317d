import { isRetryable } from '../../../proofs/errors/base.js';
import type { EthereumRpcClient } from './rpcClient.js';
import type { Unsubscribe } from './rpcTransport.js';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Listens for new heads, again and again as the connection breaks, until it is stopped or the node does not offer it. After each
 * (re)connection it tells once, since heads may have been missed.
 */
export class HeadSubscription {
  readonly #client: EthereumRpcClient;
  readonly #listener: () => void;
  #end: Unsubscribe | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;

  constructor(client: EthereumRpcClient, listener: () => void) {
    this.#client = client;
    this.#listener = listener;
  }

  start(): void {
    void this.#open();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#end?.();
    this.#end = undefined;
  }

  async #open(): Promise<void> {
    let ended = false;
    try {
      const end = await this.#client.subscribe(
        () => this.#tell(),
        () => {
          // The library tells of one end in more than one way.
          if (ended) return;
          ended = true;
          this.#end = undefined;
          this.#later();
        },
      );
      if (end === undefined) return;
      if (this.#stopped) return end();
      this.#end = end;
      this.#failures = 0;
      this.#tell();
    } catch (error) {
      if (!isRetryable(error)) throw error;
      if (!ended) this.#later();
      ended = true;
    }
  }

  #tell(): void {
    if (!this.#stopped) this.#listener();
  }

  #later(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.start(), wait);
    this.#timer.unref();
  }
}
