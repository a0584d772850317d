import { createHash } from 'node:crypto';
import type { ChainEvent } from '../../../indexers/log/event.js';

interface Block {
  readonly height: number;
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
}

const FIRST = 0;
/** Heights between reorganisations of one to three blocks. */
const EVERY = 2000;

/** Events of a chain as large as is wanted: 80-byte headers, now and then a reorganisation, final every hundred blocks. */
export class EventMaker {
  readonly #kept: ChainEvent[] = [];
  #queue: ChainEvent[] = [];
  #best: Block[] = [];
  #number = 0;
  #salt = 0;
  undone = 0;

  constructor(
    readonly chain: string,
    readonly rawBytes = 80,
  ) {}

  /** Number of the last event that was taken. */
  get number(): number {
    return this.#kept.length;
  }
  /** Height of the tip after it. */
  get height(): number {
    const last = this.#kept.findLast(({ type }) => type !== 'finalize');
    return last === undefined ? -1 : last.type === 'connect' ? last.height : last.height - 1;
  }

  event(number: number): ChainEvent {
    const found = this.#kept[number - 1];
    if (found === undefined) throw new RangeError(`event ${number} was not made`);
    return found;
  }

  /** The best chain after event `number`, from its definition. */
  bestOf(number: number): ChainEvent[] {
    const best: ChainEvent[] = [];
    for (const event of this.#kept.slice(0, number)) {
      if (event.type === 'connect') best.push(event);
      else if (event.type === 'disconnect') best.pop();
    }
    return best;
  }

  take(count: number): ChainEvent[] {
    while (this.#queue.length < count) this.#make();
    const events = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    this.#kept.push(...events);
    return events;
  }

  #make(): void {
    const height = (this.#best.at(-1)?.height ?? FIRST - 1) + 1;
    if (height % EVERY === EVERY - 1 && this.#salt % 2 === 0) {
      this.#salt++;
      for (let i = 0; i <= (height / EVERY) % 3; i++) {
        this.#add('disconnect', this.#best.pop());
        this.undone++;
      }
      return;
    }
    if (height % EVERY === 0 && this.#salt % 2 === 1) this.#salt++;
    const tip = this.#best.at(-1);
    const hash = createHash('sha256').update(`${this.chain} ${height} ${this.#salt}`).digest();
    const block = {
      height: tip === undefined ? FIRST : tip.height + 1,
      hash,
      parentHash: tip?.hash ?? new Uint8Array(32),
    };
    this.#best.push(block);
    this.#add('connect', block);
    if (height % 100 === 0) this.#add('finalize', block);
    if (this.#best.length > 5000) this.#best = this.#best.slice(-1000);
  }

  #add(type: ChainEvent['type'], block: Block | undefined): void {
    if (block === undefined) return;
    const { height, hash, parentHash } = block;
    const raw = Buffer.alloc(this.rawBytes);
    raw.set(parentHash, 4);
    // Stands for a Merkle root, which no codec makes smaller.
    raw.set(hash, 36);
    const number = ++this.#number;
    this.#queue.push({
      chain: this.chain,
      number,
      epoch: 1,
      type,
      height,
      hash,
      parentHash,
      time: 1_600_000_000 + height * 600,
      raw,
    });
  }
}
