import { isRefusal, KafkaRefusedError, KafkaUnavailableError } from '../errors.js';

/** What kafkajs throws, as one of our errors. */
export function fromKafkajs(what: string, error: unknown): KafkaRefusedError | KafkaUnavailableError {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; depth++) {
    const type = 'type' in at && typeof at.type === 'string' ? at.type : '';
    if (isRefusal(type) || at.name === 'KafkaJSSASLAuthenticationError')
      return new KafkaRefusedError(what, error);
    at = 'originalError' in at ? at.originalError : at.cause;
  }
  return new KafkaUnavailableError(`${what} failed`, error);
}
