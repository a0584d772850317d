import { createServer, type Socket } from 'node:net';
import { PortInUseError } from '../../errors.js';
import type { BlockEntry } from '../blockIndex.js';
import type { ServedChain } from './answers.js';
import { ServedPeer } from './peer.js';

/** Connections at once. */
const MAX_PEERS = 32;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

export interface P2pServerOptions extends ServedChain {
  /** 0 lets the system choose. */
  readonly port: number;
  /** Calls a listener with each new tip. @returns what ends it */
  readonly onTip: (listener: (tip: BlockEntry) => void) => () => void;
}

export interface P2pServer {
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves Bitcoin's P2P protocol on loopback: headers, blocks with and without witnesses, transactions, blocks by Bloom
 * filter, and news of each new tip. Nothing is taken from peers. @throws PortInUseError
 */
export async function serveP2p(options: P2pServerOptions): Promise<P2pServer> {
  const host = '127.0.0.1';
  const peers = new Map<Socket, ServedPeer>();
  const server = createServer((socket) => {
    if (peers.size >= MAX_PEERS || !LOOPBACK.test(socket.remoteAddress ?? '')) {
      socket.destroy();
      return;
    }
    peers.set(socket, new ServedPeer(socket, options));
    socket.once('close', () => peers.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(options.port, error) : error),
    );
    server.listen(options.port, host, resolve);
  });
  const silence = options.onTip((tip) => {
    for (const peer of peers.values()) peer.announce(tip);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    port,
    address: `${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        silence();
        server.close(() => resolve());
        for (const peer of peers.values()) peer.end();
      }),
  };
}
