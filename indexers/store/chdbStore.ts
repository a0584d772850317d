import { IndexUnavailableError } from './errors.js';
import { thisMachine } from './mend/machine.js';
import { ChdbClient } from './sql/chdbClient.js';
import type { SqlLimits } from './sql/limits.js';
import { SqlIndexStore, type SqlIndexStoreOptions } from './sqlStore.js';

export interface ChdbStoreOptions extends SqlIndexStoreOptions {
  readonly limits?: SqlLimits;
}

/**
 * The embedded index: chDB in this process, in `path`. Main thread only, one such process per folder, one folder per process.
 * @throws IndexUnavailableError if it cannot be loaded or opened, or if another process has it
 */
export async function openChdbStore(path: string, options: ChdbStoreOptions = {}): Promise<SqlIndexStore> {
  const { limits, ...rest } = options;
  const client = await ChdbClient.open(path, limits);
  try {
    return await SqlIndexStore.open(client, { machineStart: thisMachine, ...rest });
  } catch (error) {
    await client.close();
    if (error instanceof IndexUnavailableError) throw error;
    throw new IndexUnavailableError(
      error instanceof Error ? error.message.slice(0, 300) : String(error),
      error,
    );
  }
}
