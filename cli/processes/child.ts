import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import pino, { type Logger } from 'pino';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { knowNetworks } from '../roles/chainInit.js';
import type { Running } from '../roles/running.js';
import type { FromChild, Init, ToChild } from './messages.js';

/** Seconds that a stop may take before the process ends anyway. */
const STOP_SECONDS = 15;

export function send(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

/**
 * The life of a child process: waits for its orders, starts, and ends on `stop` or when its supervisor is gone,
 * however that ended. A terminal's Ctrl-C is the supervisor's to handle.
 */
export function runChild<I extends Init>(start: (init: I, log: Logger) => Promise<Running>): void {
  useFastHasher();
  let running: Promise<Running> | undefined;
  let log: Logger | undefined;
  let stopping = false;
  const stop = (code: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(code === 0 ? 1 : code), STOP_SECONDS * 1000).unref();
    Promise.resolve(running)
      .then((one) => one?.stop())
      .then(
        () => process.exit(code),
        (error: unknown) => {
          log?.error({ err: error }, 'stopping failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => stop(0));
  process.on('disconnect', () => stop(1));
  const fatal = (error: unknown) => {
    log?.fatal({ err: error }, 'fault');
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  process.on('message', (message: ToChild) => {
    if (message.type === 'stop') stop(0);
    else if (running === undefined) {
      const init = message.init as I;
      log = openLog(init.logFile, init.logLevel);
      knowNetworks(init.chains);
      running = start(init, log);
      running.then((one) => send({ type: 'ready', url: one.url }), fatal);
    }
  });
}

function openLog(file: string, level: string): Logger {
  mkdirSync(dirname(file), { recursive: true });
  // Synchronous, so that the last lines before a crash are there.
  return pino(
    { level, redact: ['password', 'passphrase', '*.password', '*.passphrase'] },
    pino.destination({ dest: file, sync: true }),
  );
}
