import { LevelStore } from '../../storage/level.js';

/**
 * Opens a store of this process, which ends when the store cannot be written any more: whoever watches it starts it again,
 * and what was confirmed is there.
 * @throws StoreLockedError, StoreError
 */
export function openStore(path: string): Promise<LevelStore> {
  return LevelStore.open(path, {
    onFailure: (error) => {
      // Nobody's to catch: not the caller whose write it was, who may only try again.
      setImmediate(() => {
        throw error;
      });
    },
  });
}
