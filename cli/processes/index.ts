import type { Logger } from 'pino';
import type { EventLog } from '../../indexers/log/eventLog.js';
import type { HeaderPages, RelayChain } from '../../relay/ports.js';
import type { Worker } from '../../relay/service.js';

export interface IndexOptions {
  readonly folder: string;
  readonly log: EventLog;
  readonly chains: readonly RelayChain[];
  readonly log2: Logger;
}

export async function openIndex(
  _options: IndexOptions,
): Promise<{ readonly worker: Worker; readonly pages: HeaderPages | undefined }> {
  return { worker: { name: 'index', start: () => undefined, stop: async () => undefined }, pages: undefined };
}
