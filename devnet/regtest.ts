import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cookiePath } from './bitcoin/rpc/cookie.js';
import type { RpcCredentials } from './bitcoin/rpc/server.js';
import { endOf, stopChild } from './child.js';
import { NodeStartError } from './errors.js';
import type { ForeignNode } from './foreignNode.js';

export interface BitcoinNodeOptions {
  readonly dataDir: string;
  readonly port: number;
  /** Mine one block every so many milliseconds; not at all without it. */
  readonly blockIntervalMs?: number;
}

/** User and password of a cookie file. */
export function readCookie(dataDir: string): RpcCredentials {
  const text = readFileSync(cookiePath(dataDir), 'utf8').trim();
  const colon = text.indexOf(':');
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * Starts our regtest node as a child process; it ends when this process does.
 * @param entry the compiled `bitcoin/main.js`, by default the one beside this file
 * @throws NodeStartError
 */
export async function launchRegtest(
  options: BitcoinNodeOptions,
  entry = fileURLToPath(new URL('./bitcoin/main.js', import.meta.url)),
): Promise<ForeignNode> {
  const args = ['--data', options.dataDir, '--port', String(options.port)];
  if (options.blockIntervalMs !== undefined) args.push('--block-interval', String(options.blockIntervalMs));
  const child = fork(entry, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const { ended, stderr } = endOf(child, 'the regtest node');
  const ready = new Promise<string>((resolve) => {
    child.on('message', (message) => {
      if (typeof message === 'object' && 'type' in (message ?? {}) && message !== null && 'url' in message)
        resolve(String(message.url));
    });
  });
  const first = await Promise.race([ready.then((url) => ({ url })), ended.then((end) => ({ end }))]);
  if ('end' in first) throw new NodeStartError('bitcoin regtest node', stderr() || first.end);
  return {
    kind: 'regtest',
    url: first.url,
    auth: readCookie(options.dataDir),
    pid: child.pid ?? 0,
    ended,
    stop: () => stopChild(child, ended, 'SIGTERM'),
  };
}
