import { z } from 'zod';

const KafkaTlsSchema = z.strictObject({
  /** PEM files, relative to the configuration's folder. */
  caFile: z.string().min(1).optional(),
  certFile: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
  passphrase: z.string().optional(),
  /** Name in the brokers' certificate, where it is not their host's. */
  servername: z.string().min(1).optional(),
  rejectUnauthorized: z.boolean().optional(),
});

const KafkaSaslSchema = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: z.string().min(1),
  password: z.string(),
});

const KafkaLogSchema = z.strictObject({
  type: z.literal('kafka'),
  /** `host:port`; some of them are enough. */
  brokers: z
    .array(z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]+):\d{1,5}$/, 'is not host:port'))
    .min(1)
    .max(32),
  /** The client. */
  driver: z.enum(['platformatic', 'kafkajs']).default('platformatic'),
  /** First part of the topics' names. */
  topicPrefix: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,64}$/)
    .default('crossroot'),
  /** Copies of each record, for topics that are made. */
  replication: z.number().int().min(1).max(9).default(1),
  compression: z.enum(['none', 'gzip']).default('none'),
  ssl: z.union([z.boolean(), KafkaTlsSchema]).optional(),
  sasl: KafkaSaslSchema.optional(),
  requestTimeoutMilliseconds: z.number().int().min(1000).max(120_000).default(10_000),
  /** A topic that grows while nothing comes for so long is read anew. */
  stallMilliseconds: z.number().int().min(1000).max(600_000).default(10_000),
  /** Most bytes of one append, and `max.message.bytes` of topics that are made. */
  maxBatchBytes: z
    .number()
    .int()
    .min(2 ** 20)
    .max(2 ** 26)
    .default(2 ** 23),
});
export type KafkaLogConfig = z.output<typeof KafkaLogSchema>;

/** Where the event log is. Documented in docs/kafka.md. */
export const LogSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('embedded') }),
  KafkaLogSchema,
]);
export type LogConfig = z.output<typeof LogSchema>;
