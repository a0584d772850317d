import { mkdir } from 'node:fs/promises';
import type { createClient as CreateClient } from '@clickhouse/client';
import { IndexUnavailableError } from './errors.js';
import type { FormerIndexStore as IndexStore } from './former.js';
import { SqlIndexStore } from './sqlStore.js';
import { UnavailableIndexStore } from './unavailable.js';

type ClientOptions = NonNullable<Parameters<typeof CreateClient>[0]>;

/**
 * The embedded index: chDB in this process, in `path`. Main thread only, one such process per folder, one folder per
 * process. The library is loaded here and nowhere else.
 * @throws IndexUnavailableError if it cannot be loaded or opened
 */
export async function openChdbStore(path: string): Promise<IndexStore> {
  try {
    const [{ createClient }, { createChdbConnection }] = await Promise.all([
      import('@clickhouse/client'),
      import('chdb/connection'),
    ]);
    await mkdir(path, { recursive: true });
    // The same interface, declared twice: @clickhouse/client carries its own copy of client-common.
    const options = { connection: createChdbConnection({ path }) } as unknown as ClientOptions;
    return await SqlIndexStore.open(createClient(options));
  } catch (error) {
    throw new IndexUnavailableError(
      error instanceof Error ? error.message.slice(0, 300) : String(error),
      error,
    );
  }
}

/** `openChdbStore`, or a store that answers every query with why it is not there. */
export async function openIndexStore(
  path: string,
  onError?: (error: IndexUnavailableError) => void,
): Promise<IndexStore> {
  try {
    return await openChdbStore(path);
  } catch (error) {
    if (!(error instanceof IndexUnavailableError)) throw error;
    onError?.(error);
    return new UnavailableIndexStore(error);
  }
}
