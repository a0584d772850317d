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

/** What decides whether records stay in a topic. */
const POLICY = 'cleanup.policy';
const LIMITS = ['retention.ms', 'retention.bytes'];
const KEEPING = [POLICY, ...LIMITS];
const KEEP_HINT =
  'Set retention.ms and retention.bytes of the topic to -1, and cleanup.policy as docs/kafka.md has it: everything else is made from the log.';

/**
 * By which setting a topic loses records that are needed; `undefined` where it keeps all, or where nothing is known.
 * @param mayCompact whether a record stands for all earlier ones of its key
 */
function lossOf(config: ReadonlyMap<string, string>, mayCompact: boolean): string | undefined {
  const policies = (config.get(POLICY) ?? '').split(',').map((one) => one.trim());
  if (!mayCompact && policies.includes('compact'))
    return 'is compacted (cleanup.policy); every record of it is needed';
  if (!policies.includes('delete')) return undefined;
  const limit = LIMITS.find((name) => Number(config.get(name) ?? -1) !== -1);
  return limit && `loses its oldest records (${limit}=${config.get(limit)}); all of them are needed`;
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
   * @throws TopicShapeError if somebody else made it with more than one partition, or so that records leave it
   */
  async ensure(driver: KafkaDriver, topic: string): Promise<void> {
    const compacted = topic === this.evidence || topic === this.poison;
    const there = (await driver.topics()).includes(topic);
    const partitions = await driver.createTopic(this.#spec(topic, compacted));
    if (partitions !== 1)
      throw new TopicShapeError(topic, `has ${partitions} partitions; order needs exactly one`);
    if (!there) return;
    const problem = lossOf(await driver.topicConfig(topic, KEEPING), compacted);
    if (problem !== undefined) throw new TopicShapeError(topic, problem, KEEP_HINT);
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
