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
  /** Port of the P2P protocol, on loopback; 0 lets the system choose. Not spoken without it. */
  readonly p2pPort?: number;
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
  if (options.p2pPort !== undefined) args.push('--p2p-port', String(options.p2pPort));
  const child = fork(entry, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const { ended, stderr } = endOf(child, 'the regtest node');
  const ready = new Promise<{ url: string; p2p: string | undefined }>((resolve) => {
    child.on('message', (message) => {
      if (typeof message === 'object' && 'type' in (message ?? {}) && message !== null && 'url' in message)
        resolve({ url: String(message.url), p2p: 'p2p' in message ? String(message.p2p) : undefined });
    });
  });
  const first = await Promise.race([ready, ended.then((end) => ({ end }))]);
  if ('end' in first) throw new NodeStartError('bitcoin regtest node', stderr() || first.end);
  return {
    kind: 'regtest',
    url: first.url,
    auth: readCookie(options.dataDir),
    ...(first.p2p === undefined ? {} : { p2p: first.p2p }),
    pid: child.pid ?? 0,
    ended,
    stop: () => stopChild(child, ended, 'SIGTERM'),
  };
}
