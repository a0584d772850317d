import type { KafkaDriver, TopicSpec } from './driver.js';
import { TopicShapeError } from './errors.js';

/** Most bytes of one record batch, compressed or not, unless told otherwise. */
export const MAX_BATCH_BYTES = 8 * 2 ** 20;

/** Name of the shared work on the main chain's blocks. No foreign chain has it. */
export const MAIN_UNIT = 'main';
/** Name of the shared work on evidence. No foreign chain has it. */
export const EVIDENCE_UNIT = 'evidence';

export interface TopicOptions {
  /** First part of every topic's name. */
  readonly prefix: string;
  /** Copies of each record. */
  readonly replication: number;
  readonly maxBatchBytes: number;
}

/** Names and settings of the log's topics. Order is kept within a partition only: each has exactly one. */
export class Topics {
  readonly #options: TopicOptions;

  constructor(options: TopicOptions) {
    this.#options = options;
  }

  /** Header events of one foreign chain. */
  events(chain: string): string {
    return `${this.#options.prefix}.events.${chain}`;
  }
  /** Blocks of the main chain. */
  get blocks(): string {
    return `${this.#options.prefix}.blocks`;
  }
  /** What sources did wrong, by the hash of the record. */
  get evidence(): string {
    return `${this.#options.prefix}.evidence`;
  }
  /** Records of the other topics that cannot be used, by their place. */
  get poison(): string {
    return `${this.#options.prefix}.poison`;
  }

  /** The topic that stands for a unit of shared work: a chain's events, or what `main` and `evidence` are about. */
  ofUnit(unit: string): string {
    if (unit === MAIN_UNIT) return this.blocks;
    return unit === EVIDENCE_UNIT ? this.evidence : this.events(unit);
  }

  /**
   * Makes a topic unless it is there. Events and blocks are kept for ever, so that everything can be built again; what is
   * set aside and evidence have keys and are compacted, so that each counts once however many tell of it.
   * @throws TopicShapeError if it has more than one partition
   */
  async ensure(driver: KafkaDriver, topic: string): Promise<void> {
    const compacted = topic === this.evidence || topic === this.poison;
    const partitions = await driver.createTopic(this.#spec(topic, compacted));
    if (partitions !== 1)
      throw new TopicShapeError(topic, `has ${partitions} partitions; order needs exactly one`);
  }

  #spec(name: string, compacted: boolean): TopicSpec {
    const { replication, maxBatchBytes } = this.#options;
    return {
      name,
      partitions: 1,
      replication,
      config: {
        'cleanup.policy': compacted ? 'compact' : 'delete',
        'retention.ms': '-1',
        'retention.bytes': '-1',
        'message.timestamp.type': 'LogAppendTime',
        'max.message.bytes': String(maxBatchBytes),
        // An acknowledged record is on two brokers at least, and a broker that missed some never leads.
        'min.insync.replicas': String(Math.min(2, replication)),
        'unclean.leader.election.enable': 'false',
      },
    };
  }
}
