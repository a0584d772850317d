import type { FollowOptions, RecordStream, StreamHandler, StreamStep } from '../log/streams.js';
import type { IndexSets, SetWriter } from '../store/indexStore.js';

/** Which set of tables a sink writes into: the one in use, or one that is being made. */
export type ChosenSet = Pick<IndexSets, 'writer'>;

/** The set that is being made, for sinks that fill it. */
export function onlySet(writer: SetWriter): ChosenSet {
  return { writer: async () => writer };
}

/** Makes the effect of values in one set; what it cannot use it refuses. */
export type SetEffect<T> = (writer: SetWriter, values: readonly T[], step: StreamStep) => Promise<void>;

/**
 * Reads a stream into the index. The position is in the set, beside the effect and written after it, so that a new set is filled from the
 * beginning, and values that a swap or another reader overtakes have no effect.
 * @param name of the position
 */
export function streamSink<T>(
  name: string,
  sets: ChosenSet,
  effect: SetEffect<T>,
): { readonly handle: StreamHandler<T>; readonly options: FollowOptions } {
  return {
    handle: async (values, step) => {
      const writer = await sets.writer();
      if ((await writer.position(name)) !== step.from) return [];
      await effect(writer, values, step);
      await writer.writePosition(name, step.next);
      return [];
    },
    options: { position: async () => (await sets.writer()).position(name) },
  };
}

/** Begins to read a stream by such a sink. */
export function followInto<T>(
  stream: RecordStream<T>,
  name: string,
  sets: ChosenSet,
  effect: SetEffect<T>,
): void {
  const { handle, options } = streamSink(name, sets, effect);
  stream.follow(name, handle, options);
}
