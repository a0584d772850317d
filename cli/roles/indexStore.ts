import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { IndexConfig } from '../../config/index.js';
import type { IndexHandle } from '../../indexers/sinks/indexService.js';
import type { IndexStore } from '../../indexers/store/indexStore.js';
import { measuredIndex } from '../indexMetrics.js';
import { openIndex } from '../openIndex.js';

/**
 * The index that the configuration names, opened in the background; its use is shown at `/metrics`.
 * @param folder of an embedded one; `undefined` where this process only asks a server, and makes no tables
 */
export function openMeasuredIndex(
  config: IndexConfig,
  folder: string | undefined,
  registry: Registry,
  log: Logger,
): IndexHandle {
  const onTrouble = (trouble: unknown) => log.warn({ err: trouble }, 'the index');
  return measuredIndex(
    openIndex({ config, folder: folder ?? '', readOnly: folder === undefined, onTrouble }),
    registry,
  );
}

/** One object for whoever keeps it: every call goes to the store of the moment. */
export function presentStore(handle: Pick<IndexHandle, 'store'>): IndexStore {
  return new Proxy(handle.store, {
    get(_, key) {
      const { store } = handle;
      const value: unknown = Reflect.get(store, key, store);
      return typeof value === 'function' ? (value.bind(store) as unknown) : value;
    },
  });
}
