import { toBareHex } from '../../../proofs/bytes.js';
import type { ChainEvent } from '../../log/event.js';
import type { EventLog } from '../../log/eventLog.js';
import type { FirstNumbers } from '../contents/writer.js';

const STEP = 500;

/**
 * The events that first connected those blocks that were ever undone, from the log alone: for whoever reads all of it from its beginning.
 * Memory is that of the undone blocks, which are few.
 */
export class UndoneBlocks implements FirstNumbers {
  readonly #log: Pick<EventLog, 'read'>;
  readonly #first = new Map<string, number>();

  constructor(log: Pick<EventLog, 'read'>) {
    this.#log = log;
  }

  /** Takes in events that follow on those before. */
  async add(events: readonly ChainEvent[]): Promise<void> {
    for (const event of events) {
      if (event.type !== 'disconnect') continue;
      const key = toBareHex(event.hash);
      if (!this.#first.has(key)) this.#first.set(key, await this.#connected(event));
    }
  }

  async of({ hash, number }: ChainEvent): Promise<number> {
    return Math.min(number, this.#first.get(toBareHex(hash)) ?? number);
  }

  /** The newest connect of the block before its first disconnect: usually a few events back. */
  async #connected({ chain, hash, number }: ChainEvent): Promise<number> {
    const key = toBareHex(hash);
    for (let end = number - 1; end > 0; end -= STEP) {
      const from = Math.max(1, end - STEP + 1);
      const events = await this.#log.read(chain, from, end - from + 1);
      const found = events.findLast((event) => event.type === 'connect' && toBareHex(event.hash) === key);
      if (found !== undefined) return found.number;
    }
    return number;
  }
}
