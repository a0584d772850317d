import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import pino, { type Logger } from 'pino';
import { fileReason } from '../../config/fileErrors.js';

/** A user and password in a URL, whoever wrote it. */
const CREDENTIALS = /\b([a-z][a-z0-9+.-]{1,15}:\/\/)[^\s/"'@\\]+@/gi;

/**
 * JSON lines to a file, or to standard error. Synchronous, so that the last lines before a crash are there; appended, so that
 * whoever rotates logs may copy and truncate the file. A log that cannot be written, as on a full disk, is told of on
 * standard error, once: it ends nothing.
 */
export function openLogger(level: string, file?: string): Logger {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const destination = pino.destination({ dest: file ?? 2, sync: true });
  let told = false;
  destination.on('error', (error: unknown) => {
    if (!told) process.stderr.write(`the log ${file ?? ''} cannot be written (${fileReason(error)})\n`);
    told = true;
  });
  const redact = ['password', 'passphrase', '*.password', '*.passphrase'];
  return pino({ level, redact }, { write: (line) => destination.write(line.replace(CREDENTIALS, '$1')) });
}
