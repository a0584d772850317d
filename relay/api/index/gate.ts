import { Gate, type GateOptions } from '../gate.js';
import { IndexBusyError, IndexTimeoutError } from './errors.js';

export type { GateOptions } from '../gate.js';

/** The gate of questions to the index: by default 8 at once, 64 waiting, 10 s. Throws IndexBusyError, IndexTimeoutError. */
export class QueryGate extends Gate {
  constructor({ concurrent = 8, waiting = 64, timeoutMs = 10_000 }: GateOptions = {}) {
    super(
      { concurrent, waiting, timeoutMs },
      { busy: (queued) => new IndexBusyError(queued), late: (ms) => new IndexTimeoutError(ms) },
    );
  }
}
