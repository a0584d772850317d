import { join } from 'node:path';
import { GENESIS_FILE } from '../trust.js';

/** What is where in a data folder. */
export class DataPaths {
  constructor(readonly path: string) {}

  get genesisFile(): string {
    return join(this.path, GENESIS_FILE);
  }
  get proofs(): string {
    return join(this.path, 'proofs');
  }
  /** Keys of a relay's account. */
  operator(index: number): string {
    return join(this.path, index === 0 ? 'operator' : `operator-${index}`);
  }
  /** Keys, main chain and journals of a delegate. */
  delegate(index: number): string {
    return join(this.path, 'delegates', String(index));
  }
  /** What an indexer or a relay, as a process of its own, keeps. */
  role(role: 'indexers' | 'relays', index: number): string {
    return join(this.path, role, String(index));
  }
  foreign(chain: string): string {
    return join(this.path, 'foreign', chain);
  }
  checkpoint(chain: string): string {
    return join(this.path, 'checkpoints', `${chain}.json`);
  }
  log(part: string): string {
    return join(this.path, 'logs', `${part}.log`);
  }
}
