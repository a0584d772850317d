/** How to reach the brokers. */
export interface KafkaSettings {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS; `true` for the system's certificates. */
  readonly ssl?: boolean | KafkaTls;
  readonly sasl?: KafkaSasl;
  /** Time limit of one request, milliseconds. Default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Time limit of connecting, milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Of what is produced. Default none: header events hardly shrink. */
  readonly compression?: 'none' | 'gzip';
  /** What the client reports of itself. */
  readonly onTrouble?: (message: string) => void;
}

export interface KafkaTls {
  /** PEM. */
  readonly ca?: string;
  /** PEM, of the client. */
  readonly cert?: string;
  /** PEM, of the client. */
  readonly key?: string;
  readonly passphrase?: string;
  /** Name that the broker's certificate must bear, where it is not the host's. */
  readonly servername?: string;
  /** Default true. */
  readonly rejectUnauthorized?: boolean;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export const REQUEST_TIMEOUT_MS = 10_000;
export const CONNECT_TIMEOUT_MS = 5000;

/** A record to be produced. */
export interface OutRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, Uint8Array>>;
}

/** Records to be produced together, encoded once for every attempt. */
export interface OutBatch {
  /** As `encodeRecords` writes them. */
  readonly body: Uint8Array;
  /** Of the records. */
  readonly count: number;
}

/** A topic to be made. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  readonly config: Readonly<Record<string, string>>;
}

/**
 * What the log needs of a Kafka client, and nothing more: one file a client, and nothing above it knows which one it is.
 * Reading is by plain requests to a partition's leader (`wire.ts`, `recordBatch.ts`), so that all clients read alike, a
 * reader asks for what it has room for, and nothing runs behind its back.
 *
 * Failures come as `KafkaUnavailableError` (try again) or `KafkaRefusedError`.
 */
export interface KafkaDriver {
  readonly name: string;
  /** Names of all topics that this user may see. */
  topics(): Promise<string[]>;
  /** Makes a topic unless it is there, which takes no right to make one then. @returns how many partitions it has */
  createTopic(spec: TopicSpec): Promise<number>;
  /** Settings of a topic that is there, by name; none where this user may not see them. */
  topicConfig(topic: string, names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Writes one record batch to partition 0, idempotently, acknowledged by all replicas in sync.
   * @returns the offset of its first record
   */
  produce(topic: string, batch: OutBatch): Promise<number>;
  /** Connections of its own, for one reader. */
  connect(): Promise<BrokerConnection>;
  /** Joins a consumer group that shares topics, one partition each, among its members. */
  join(options: GroupOptions): Promise<GroupMember>;
  close(): Promise<void>;
}

/** Plain requests to the brokers that lead partitions. */
export interface BrokerConnection {
  /**
   * Sends a request of a protocol version without tagged fields to the leader of partition 0 of `topic`.
   * @param body what follows the request header
   * @returns what follows the response header
   */
  request(topic: string, apiKey: number, apiVersion: number, body: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface GroupOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** After so long without a sign of life the others take over. */
  readonly sessionTimeoutMs: number;
  /** The topics that are this member's from now on, after each rebalance. */
  readonly onAssigned: (topics: readonly string[]) => void;
  /** The member is lost and has to be made anew. */
  readonly onLost: (error: unknown) => void;
}

export interface GroupMember {
  /** When the brokers last confirmed the membership, Unix milliseconds. */
  lastConfirmed(): number;
  /** Keeps a position for the group; refused unless this member is in the group's present generation. */
  commit(topic: string, position: number): Promise<void>;
  /** The group's position; 0 without one. */
  committed(topic: string): Promise<number>;
  leave(): Promise<void>;
}
