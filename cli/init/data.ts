import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreLockedError } from '../../storage/errors.js';
import { LevelStore } from '../../storage/level.js';
import { AlreadyRunningError } from './errors.js';
import { DataPaths } from './paths.js';

/** A data folder that this process has for itself: `up` while it runs, `init` while it makes it. */
export class DataFolder extends DataPaths {
  readonly #lock: LevelStore;

  private constructor(
    path: string,
    /** Whether the last run on this folder did not end by itself. */
    readonly wasKilled: boolean,
    lock: LevelStore,
  ) {
    super(path);
    this.#lock = lock;
  }

  /** Opens the folder for this process alone. The lock goes with the process, however that ends. @throws AlreadyRunningError */
  static async open(path: string): Promise<DataFolder> {
    await mkdir(path, { recursive: true });
    try {
      const lock = await LevelStore.open(join(path, 'lock'));
      const wasKilled = existsSync(runningMark(path));
      await writeFile(runningMark(path), `${process.pid}\n`);
      return new DataFolder(path, wasKilled, lock);
    } catch (error) {
      if (error instanceof StoreLockedError) throw new AlreadyRunningError(path, error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await rm(runningMark(this.path), { force: true });
    await this.#lock.close();
  }
}

/** There while the folder is in use, and after a kill. */
function runningMark(path: string): string {
  return join(path, 'running');
}
