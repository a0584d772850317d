import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RpcCredentials } from './server.js';

/** User name that stands in Bitcoin Core's cookie file. */
const COOKIE_USER = '__cookie__';

/** Where the cookie of a data folder lies: under `regtest/`, as Bitcoin Core puts it. */
export function cookiePath(dataDir: string): string {
  return join(dataDir, 'regtest', '.cookie');
}

/** Writes a fresh password for programs of the same user, and returns it. */
export function writeCookie(dataDir: string): RpcCredentials {
  const path = cookiePath(dataDir);
  const password = randomBytes(32).toString('hex');
  mkdirSync(join(dataDir, 'regtest'), { recursive: true });
  writeFileSync(`${path}.tmp`, `${COOKIE_USER}:${password}`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
  return { user: COOKIE_USER, password };
}

export function removeCookie(dataDir: string): void {
  rmSync(cookiePath(dataDir), { force: true });
}
