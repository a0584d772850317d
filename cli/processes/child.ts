import type { Logger } from 'pino';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { knowNetworks } from '../roles/chainInit.js';
import { Life } from '../roles/life.js';
import { openLogger } from '../roles/logger.js';
import type { Running } from '../roles/running.js';
import type { FromChild, Init, ToChild } from './messages.js';

export function send(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

/**
 * The life of a child process: waits for its orders, starts, and ends on `stop` or when its supervisor is gone,
 * however that ended. A terminal's Ctrl-C is the supervisor's to handle.
 */
export function runChild<I extends Init>(start: (init: I, log: Logger) => Promise<Running>): void {
  useFastHasher();
  let log: Logger | undefined;
  const life = new Life((error, what) => log?.error({ err: error }, what));
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => life.end(0));
  process.on('disconnect', () => life.end(1));
  const tell = (error: unknown) => {
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    log?.fatal({ err: error }, 'fault');
  };
  life.endOnFault(tell);
  process.on('message', (message: ToChild) => {
    if (message.type === 'stop') life.end(0);
    else if (!life.hasBegun) {
      const init = message.init as I;
      const logger = openLogger(init.logLevel, init.logFile);
      log = logger;
      knowNetworks(init.chains);
      life
        .begin(() => start(init, logger))
        .then(
          (one) => send({ type: 'ready', url: one.url }),
          (error: unknown) => {
            tell(error);
            process.exit(1);
          },
        );
    }
  });
}
