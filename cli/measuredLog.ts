import { Counter, Histogram, type Registry } from 'prom-client';
import type { ChainEvent, EventInput, EventName } from '../indexers/log/event.js';
import type { Cursor, EventLog, Lease } from '../indexers/log/eventLog.js';
import type { BlockRecord, EvidenceRecord } from '../indexers/log/records.js';
import type { LogStreams, RecordStream } from '../indexers/log/streams.js';
import type { KeyValueWrite } from '../storage/keyValue.js';

/** What `/metrics` shows of the writing and reading of any event log, since the start of the process. */
function logCounters() {
  const registers: Registry[] = [];
  const labelNames = ['chain'] as const;
  return {
    appended: new Counter({
      name: 'crossroot_log_appended_events_total',
      help: 'Events that this process appended',
      labelNames,
      registers,
    }),
    read: new Counter({
      name: 'crossroot_log_read_events_total',
      help: 'Events that were read from the log, each time that they were',
      labelNames,
      registers,
    }),
    refused: new Counter({
      name: 'crossroot_log_failed_appends_total',
      help: 'Appends that failed, a lost lease included',
      labelNames: ['chain', 'class'] as const,
      registers,
    }),
    seconds: new Histogram({
      name: 'crossroot_log_append_seconds',
      help: 'Time until an append is durable',
      labelNames,
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    }),
    reorganisations: new Counter({
      name: 'crossroot_reorganisations_total',
      help: 'Reorganisations that this process appended',
      labelNames,
      registers,
    }),
    undone: new Counter({
      name: 'crossroot_reorganised_blocks_total',
      help: 'Blocks undone by them',
      labelNames,
      registers,
    }),
  };
}

/** An event log that counts what goes through it; otherwise it is the log that it wraps. */
export class MeasuredLog implements EventLog, LogStreams {
  readonly #log: EventLog & LogStreams;
  readonly #counters = logCounters();
  /** Type of the newest event that was appended here, by chain. */
  readonly #newest = new Map<string, EventName>();

  constructor(log: EventLog & LogStreams) {
    this.#log = log;
  }

  lag(chain: string): number {
    return this.#log.lag?.(chain) ?? 0;
  }

  /** Shows the counts at `/metrics`. */
  show(registry: Registry): void {
    for (const counter of Object.values(this.#counters)) registry.registerMetric(counter);
  }

  blocks(): RecordStream<BlockRecord> {
    return this.#log.blocks();
  }

  evidence(): RecordStream<EvidenceRecord> {
    return this.#log.evidence();
  }

  acquire(chain: string): Promise<Lease> {
    return this.#log.acquire(chain);
  }

  async append(
    lease: Lease,
    expectedNumber: number,
    events: readonly EventInput[],
    also?: readonly KeyValueWrite[],
  ): Promise<number> {
    const { chain } = lease;
    const { appended, refused, seconds } = this.#counters;
    const end = seconds.startTimer({ chain });
    try {
      const number = await this.#log.append(lease, expectedNumber, events, also);
      end();
      appended.inc({ chain }, events.length);
      this.#count(chain, events);
      return number;
    } catch (error) {
      refused.inc({ chain, class: error instanceof Error ? error.name : 'unknown' });
      throw error;
    }
  }

  async read(chain: string, fromNumber: number, limit: number): Promise<ChainEvent[]> {
    const events = await this.#log.read(chain, fromNumber, limit);
    if (events.length > 0) this.#counters.read.inc({ chain }, events.length);
    return events;
  }

  numberAt(chain: string, time: number): Promise<number> {
    return this.#log.numberAt(chain, time);
  }

  last(chain: string): Promise<ChainEvent | undefined> {
    return this.#log.last(chain);
  }

  chains(): Promise<string[]> {
    return this.#log.chains();
  }

  subscribe(chain: string, listener: (number: number) => void): () => void {
    return this.#log.subscribe(chain, listener);
  }

  cursor(name: string, chain: string): Cursor {
    return this.#log.cursor(name, chain);
  }

  /** A run of disconnects is one reorganisation, also when it comes in several appends. */
  #count(chain: string, events: readonly EventInput[]): void {
    let before = this.#newest.get(chain);
    for (const { type } of events) {
      if (type === 'disconnect') {
        this.#counters.undone.inc({ chain });
        if (before !== 'disconnect') this.#counters.reorganisations.inc({ chain });
      }
      before = type;
    }
    if (before !== undefined) this.#newest.set(chain, before);
  }
}
