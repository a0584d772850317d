import { KafkaUnavailableError } from './errors.js';
import type { TopicReader } from './reader.js';

export interface WatchdogOptions {
  readonly topic: string;
  /** Asks what the topic's end is, over a connection of its own. */
  readonly control: TopicReader;
  /** A topic that grows while nothing arrives for so long has a reader that has stalled, milliseconds. */
  readonly stallMs: number;
  /** Offset of the next record to read. */
  readonly next: () => number;
  /** Told of the topic's end. */
  readonly onEnd: (end: number) => void;
  /** Told of a reader that has stalled. */
  readonly onStall: (error: KafkaUnavailableError) => void;
  readonly onError: (error: unknown) => void;
}

/** Looks whether a topic grows while nothing of it arrives: then its reader has stalled, whatever it says. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #timer: NodeJS.Timeout | undefined;
  #arrival = Date.now();

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), Math.max(100, this.#options.stallMs / 2)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Something arrived. */
  fed(): void {
    this.#arrival = Date.now();
  }

  #look(): void {
    const { control, topic, stallMs, next, onEnd, onStall, onError } = this.#options;
    if (Date.now() - this.#arrival < stallMs) return;
    const before = next();
    control.offset(topic, 'latest').then((end = 0) => {
      onEnd(end);
      if (this.#timer === undefined || end <= before || next() !== before) return;
      this.fed();
      onStall(
        new KafkaUnavailableError(`${topic} grew to ${end} and nothing came after ${before}: read anew`),
      );
    }, onError);
  }
}
