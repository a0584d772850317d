import { isRefusal, KafkaRefusedError, KafkaUnavailableError } from '../errors.js';

/** All errors in a tree of originals, causes and aggregates, to some depth. */
function* within(error: unknown, depth = 0): Generator<Error> {
  if (!(error instanceof Error) || depth > 7) return;
  yield error;
  if ('errors' in error && Array.isArray(error.errors))
    for (const each of error.errors) yield* within(each, depth + 1);
  yield* within('originalError' in error ? error.originalError : error.cause, depth + 1);
}

/** Name of the protocol's error code that an error of the client bears. */
function typeOf(error: Error): string {
  return 'type' in error && typeof error.type === 'string' ? error.type : '';
}

/** Whether the broker answered with the error code of this name. */
export function isOfType(error: unknown, type: string): boolean {
  return [...within(error)].some((each) => typeOf(each) === type);
}

/** What kafkajs throws, as one of our errors. */
export function fromKafkajs(what: string, error: unknown): KafkaRefusedError | KafkaUnavailableError {
  for (const each of within(error)) {
    if (isRefusal(typeOf(each)) || each.name === 'KafkaJSSASLAuthenticationError')
      return new KafkaRefusedError(what, error);
  }
  return new KafkaUnavailableError(`${what} failed`, error);
}
