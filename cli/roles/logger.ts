import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import pino, { type Logger } from 'pino';

/** JSON lines to a file, or to standard error. Synchronous, so that the last lines before a crash are there. */
export function openLogger(level: string, file?: string): Logger {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  return pino(
    { level, redact: ['password', 'passphrase', '*.password', '*.passphrase'] },
    pino.destination({ dest: file ?? 2, sync: true }),
  );
}
