import { addNetworkDefinition, readNetworkFile } from '../config/network.js';
import { CrossrootError } from '../proofs/errors/base.js';
import { UsageError } from './errors.js';

/** Makes the networks in these files known to this process. @throws UsageError */
export async function addNetworkFiles(paths: readonly string[] = []): Promise<void> {
  for (const path of paths) {
    try {
      addNetworkDefinition(await readNetworkFile(path));
    } catch (error) {
      if (!(error instanceof CrossrootError)) throw error;
      throw new UsageError(`--network-file: ${error.message}`);
    }
  }
}
