import { connect, type Socket } from 'node:net';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { PeerAddress } from './address.js';
import { type ConnectionOptions, PeerConnection, randomNonce } from './connection.js';
import type { Message } from './messages.js';
import {
  MIN_PROTOCOL_VERSION,
  NO_ADDRESS,
  PROTOCOL_VERSION,
  Services,
  type VersionMessage,
} from './version.js';

export interface PeerOptions extends ConnectionOptions {
  /** A resolved address. */
  readonly address: PeerAddress;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
}

/** A peer that has shaken hands. */
export interface Peer {
  readonly connection: PeerConnection;
  /** What it said of itself. */
  readonly version: VersionMessage;
  /** Our own clock when we began to speak and when the peer had told its time, Unix milliseconds. */
  readonly met: { readonly sent: number; readonly received: number };
}

const USER_AGENT = '/crossroot:0.1/';

/**
 * Connects and shakes hands (Bitcoin Core `net_processing.cpp`, `version` and `verack`). The peer must have blocks with
 * their witnesses and know `sendheaders`, which it is then asked for.
 * @throws SourceUnavailableError, SourceFaultError
 */
export async function connectPeer(options: PeerOptions): Promise<Peer> {
  const socket = await open(options);
  const connection = new PeerConnection(socket, options);
  const onAbort = () => connection.end(new SourceUnavailableError(options.name, 'is closed'));
  options.signal?.addEventListener('abort', onAbort);
  try {
    const sent = Date.now();
    const { version, received } = await shakeHands(connection, options);
    connection.send({ command: 'sendheaders' });
    return { connection, version, met: { sent, received } };
  } catch (error) {
    if (error instanceof Error) connection.end(error);
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

async function shakeHands(
  connection: PeerConnection,
  options: PeerOptions,
): Promise<{ readonly version: VersionMessage; readonly received: number }> {
  const { name } = options;
  const nonce = randomNonce();
  const { handshakeMs } = options.times;
  // Both are waited for from the start: they may come in one piece.
  const answers = Promise.all([
    connection.receive('version', 'any', handshakeMs, (message) => {
      if (message.command !== 'version')
        throw new SourceFaultError(name, `begins with ${nameOf(message)} instead of version`);
      checkVersion(name, message, nonce);
      connection.send({ command: 'verack' });
      return { version: message, received: Date.now() };
    }),
    connection.receive('verack', ['verack'], handshakeMs, () => true),
  ]);
  connection.send({
    command: 'version',
    version: PROTOCOL_VERSION,
    services: 0n,
    time: BigInt(Math.floor(Date.now() / 1000)),
    receiver: NO_ADDRESS,
    sender: NO_ADDRESS,
    nonce,
    userAgent: USER_AGENT,
    // We serve no blocks: a node that is behind must not wait for ours.
    startHeight: 0,
    relay: false,
  });
  const [told] = await answers;
  return told;
}

/** @throws SourceFaultError for what no other try will change, SourceUnavailableError for a node that serves others */
function checkVersion(name: string, version: VersionMessage, nonce: bigint): void {
  if (version.nonce === nonce)
    throw new SourceFaultError(name, 'is ourselves: it answers with our own nonce');
  if (version.version < MIN_PROTOCOL_VERSION)
    throw new SourceFaultError(name, `speaks protocol ${version.version}, below ${MIN_PROTOCOL_VERSION}`);
  const { services } = version;
  if ((services & (Services.network | Services.networkLimited)) === 0n)
    throw new SourceFaultError(name, 'offers no blocks (neither NODE_NETWORK nor NODE_NETWORK_LIMITED)');
  if ((services & Services.witness) === 0n)
    throw new SourceFaultError(name, 'offers no witnesses (no NODE_WITNESS)');
}

function nameOf(message: Message): string {
  return message.command === 'other' ? message.name : message.command;
}

function open({ name, address, times, signal }: PeerOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port });
    const fail = (problem: string, cause?: unknown) => {
      clean();
      socket.destroy();
      reject(new SourceUnavailableError(name, problem, cause));
    };
    const onError = (error: NodeJS.ErrnoException) =>
      fail(`cannot be reached (${error.code ?? error.message})`, error);
    const onAbort = () => fail('is closed');
    const timer = setTimeout(
      () => fail(`does not accept a connection within ${times.connectMs} ms`),
      times.connectMs,
    );
    const clean = () => {
      clearTimeout(timer);
      socket.off('error', onError);
      // What fails after the attempt has ended is of no interest.
      socket.on('error', () => undefined);
      signal?.removeEventListener('abort', onAbort);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      clean();
      resolve(socket);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
  });
}
