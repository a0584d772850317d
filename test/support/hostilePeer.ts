import { createServer, type Server, type Socket } from 'node:net';
import { encodeFrame, FrameDecoder } from '../../adapters/bitcoin/p2p/frame.js';
import {
  decodePayload,
  encodePayload,
  type KnownMessage,
  type Message,
} from '../../adapters/bitcoin/p2p/messages.js';
import { p2pNetwork } from '../../adapters/bitcoin/p2p/networks.js';
import { NO_ADDRESS, Services, type VersionMessage } from '../../adapters/bitcoin/p2p/version.js';

const CHAIN = 'bitcoin-regtest';

/** One connection as the hostile peer sees it. */
export interface Victim {
  readonly socket: Socket;
  /** Sends a message properly. */
  send(message: KnownMessage): void;
  /** Sends any bytes. */
  raw(bytes: Uint8Array): void;
}

/** How a peer misbehaves; what it does not say, it does as it should. */
export interface Behaviour {
  /** Called for each connection before anything is read. `true`: nothing else is done. */
  readonly connected?: (victim: Victim) => boolean;
  /** What it says of itself instead. */
  readonly version?: Partial<VersionMessage> | ((theirs: VersionMessage) => Partial<VersionMessage>);
  /** Called after the handshake. */
  readonly ready?: (victim: Victim) => void;
  /** Called with each message. `true`: it was answered, or is not to be. */
  readonly message?: (message: Message, victim: Victim) => boolean;
}

export interface HostilePeer {
  readonly address: string;
  /** Connections so far. */
  readonly connections: () => number;
  /** From now on. */
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** A peer that shakes hands, answers pings, has no headers, and does whatever else it is told. */
export async function startHostilePeer(start: Behaviour = {}, chain = CHAIN): Promise<HostilePeer> {
  let behaviour = start;
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, chain, () => behaviour);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return {
    address: `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`,
    connections: () => connections,
    behave: (next) => {
      behaviour = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serve(socket: Socket, chain: string, behaviour: () => Behaviour): void {
  const { magic } = p2pNetwork(chain);
  const decoder = new FrameDecoder({ magic });
  const raw = (bytes: Uint8Array) => {
    if (!socket.destroyed) socket.write(bytes);
  };
  const victim: Victim = {
    socket,
    raw,
    send: (message) => raw(encodeFrame(magic, message.command, encodePayload(message))),
  };
  if (behaviour().connected?.(victim) === true) return;
  socket.on('data', (chunk: Uint8Array) => {
    for (const { command, payload } of decoder.push(chunk))
      answer(decodePayload(command, payload ?? new Uint8Array(0)), victim, behaviour());
  });
}

function answer(message: Message, victim: Victim, behaviour: Behaviour): void {
  if (behaviour.message?.(message, victim) === true) return;
  if (message.command === 'version') {
    const { version } = behaviour;
    victim.send({
      ...honestVersion(),
      ...(typeof version === 'function' ? version(message) : version),
    });
    victim.send({ command: 'verack' });
  } else if (message.command === 'verack') behaviour.ready?.(victim);
  else if (message.command === 'ping') victim.send({ command: 'pong', nonce: message.nonce });
  else if (message.command === 'getheaders') victim.send({ command: 'headers', headers: [] });
}

/** What an honest full node says of itself. */
export function honestVersion(): VersionMessage {
  return {
    command: 'version',
    version: 70016,
    services: Services.network | Services.witness,
    time: BigInt(Math.floor(Date.now() / 1000)),
    receiver: NO_ADDRESS,
    sender: NO_ADDRESS,
    nonce: 1n,
    userAgent: '/hostile:1/',
    startHeight: 1_000_000,
    relay: false,
  };
}

/** Does only this, as soon as somebody connects. */
export const first = (behaviour: (victim: Victim) => void): Behaviour => ({
  connected: (victim) => {
    behaviour(victim);
    return true;
  },
});
