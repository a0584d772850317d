import { isRefusal, KafkaRefusedError, KafkaUnavailableError } from '../errors.js';

/** All errors in a tree of causes and aggregates, to some depth. */
export function* within(error: unknown, depth = 0): Generator<Error> {
  if (!(error instanceof Error) || depth > 6) return;
  yield error;
  if (error instanceof AggregateError) for (const each of error.errors) yield* within(each, depth + 1);
  yield* within(error.cause, depth + 1);
}

/** Name of the protocol's error code that an error of the client bears. */
export function apiId(error: Error): string {
  return 'apiId' in error && typeof error.apiId === 'string' ? error.apiId : '';
}

/** What @platformatic/kafka throws, as one of our errors. */
export function fromPlatformatic(what: string, error: unknown): KafkaRefusedError | KafkaUnavailableError {
  for (const each of within(error))
    if (isRefusal(apiId(each)) || ('code' in each && each.code === 'PLT_KFK_AUTHENTICATION'))
      return new KafkaRefusedError(what, error);
  return new KafkaUnavailableError(`${what} failed`, error);
}
