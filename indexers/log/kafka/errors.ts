import { CrossrootError } from '../../../proofs/errors/base.js';

/** The brokers did not answer, or not yet: try again. */
export class KafkaUnavailableError extends CrossrootError {
  override readonly name = 'KafkaUnavailableError';
  override readonly retryable = true;
  constructor(what: string, cause?: unknown) {
    super(`Kafka: ${what}`, {
      hint: 'Check the addresses in log.brokers, and that a leader of the topic is up.',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** The brokers answered with an error code. */
export class KafkaResponseError extends CrossrootError {
  override readonly name = 'KafkaResponseError';
  override readonly retryable = true;
  constructor(
    readonly what: string,
    readonly code: number,
  ) {
    super(`Kafka refused to ${what}: error code ${code}`, { details: { code } });
  }
}

/** The brokers refuse this for good: no right, a bad setting, a wrong password. */
export class KafkaRefusedError extends CrossrootError {
  override readonly name = 'KafkaRefusedError';
  constructor(what: string, cause?: unknown) {
    super(`Kafka refuses ${what}`, {
      hint: 'Check user, password, mechanism and certificates, and the access rights of this user on topics and groups.',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** A topic is there but not as the log needs it. */
export class TopicShapeError extends CrossrootError {
  override readonly name = 'TopicShapeError';
  constructor(topic: string, problem: string, hint?: string) {
    super(`the topic ${topic} ${problem}`, {
      hint: hint ?? 'Choose another topic prefix, or let this program create the topic.',
      details: { topic },
    });
  }
}

/** More than a record batch may hold; refused before anything is sent. */
export class OversizeAppendError extends CrossrootError {
  override readonly name = 'OversizeAppendError';
  constructor(
    readonly topic: string,
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(`${bytes} bytes for ${topic} are more than the ${limit} that one batch may have`, {
      hint: 'Append fewer at a time, or raise log.maxBatchBytes and the max.message.bytes of the topic.',
      details: { topic, bytes, limit },
    });
  }
}

/**
 * Whether the events were taken is not known yet: the brokers did not answer in time. They may still turn up; what the
 * log shows later is true.
 */
export class AppendUnresolvedError extends CrossrootError {
  override readonly name = 'AppendUnresolvedError';
  override readonly retryable = true;
  constructor(chain: string, number: number, milliseconds: number, cause?: unknown) {
    super(`whether events ${number} ff. of ${chain} are in the log is not known after ${milliseconds} ms`, {
      details: { chain, number },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** The own events came back and were not taken, though the lease is held and the number is right. */
export class EventRefusedError extends CrossrootError {
  override readonly name = 'EventRefusedError';
  constructor(chain: string, number: number, reason: string) {
    super(`the log of ${chain} does not take event ${number}: ${reason}`, { details: { chain, number } });
  }
}

/** What to do where a topic no longer has its beginning. */
export const CUT_OFF_HINT =
  'The retention of the topic, or somebody, deleted them. Set its retention.ms and retention.bytes to -1. Who had read them goes on; a log that is whole again begins with another log.topicPrefix.';

/** The topic no longer has what was read from it before: records were lost, or the topic was made anew. */
export class LogReplacedError extends CrossrootError {
  override readonly name = 'LogReplacedError';
  constructor(topic: string, offset: number, problem: string, hint?: string) {
    super(`the topic ${topic} is not the one that was read up to offset ${offset}: ${problem}`, {
      hint:
        hint ??
        'If the topic was made anew on purpose, move the local data folder away; it is filled from the topic.',
      details: { topic, offset },
    });
  }
}

/** A topic's beginning is gone: records that were not read yet. What is left is read. */
export class LogCutOffError extends CrossrootError {
  override readonly name = 'LogCutOffError';
  constructor(topic: string, from: number, to: number) {
    super(`the records ${from} to ${to - 1} of the topic ${topic} are gone, and were not read before`, {
      hint: CUT_OFF_HINT,
      details: { topic, from, to },
    });
  }
}

/** A record batch that cannot be read. */
export class RecordBatchError extends CrossrootError {
  override readonly name = 'RecordBatchError';
}

/** A driver whose package is not installed. */
export class DriverMissingError extends CrossrootError {
  override readonly name = 'DriverMissingError';
  constructor(name: string, cause: unknown) {
    super(`the Kafka client ${name} cannot be loaded`, {
      hint: `Run npm install, or choose the other one of kafkajs and platformatic in log.driver.`,
      cause,
    });
  }
}

/** The log was closed while something waited for it. */
export class LogClosedError extends CrossrootError {
  override readonly name = 'LogClosedError';
  constructor() {
    super('the log is closed');
  }
}

/** Codes of the protocol, by name, that trying again does not mend. */
const REFUSED =
  /AUTHORIZATION_FAILED|SASL_AUTH|ILLEGAL_SASL|UNSUPPORTED_SASL|INVALID_CONFIG|INVALID_REPLICATION_FACTOR|INVALID_PARTITIONS|INVALID_TOPIC|POLICY_VIOLATION|MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE/;

/** Whether the brokers refuse for good with this code's name. */
export function isRefusal(code: string): boolean {
  return REFUSED.test(code);
}
