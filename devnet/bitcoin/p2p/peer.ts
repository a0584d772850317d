import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { BloomFilter } from '../../../adapters/bitcoin/p2p/bloom.js';
import { WireError } from '../../../adapters/bitcoin/p2p/errors.js';
import { FloodMeter } from '../../../adapters/bitcoin/p2p/flood.js';
import { encodeFrame, type Frame, FrameDecoder } from '../../../adapters/bitcoin/p2p/frame.js';
import { type InventoryEntry, InventoryType } from '../../../adapters/bitcoin/p2p/inventory.js';
import {
  decodePayload,
  encodePayload,
  type KnownMessage,
  type Message,
} from '../../../adapters/bitcoin/p2p/messages.js';
import { p2pNetwork } from '../../../adapters/bitcoin/p2p/networks.js';
import { NO_ADDRESS, PROTOCOL_VERSION, Services } from '../../../adapters/bitcoin/p2p/version.js';
import { ancestorAt, type BlockEntry, forkOf } from '../blockIndex.js';
import { PeerGoneError } from '../errors.js';
import { answerData, followingBlocks, type ServedChain } from './answers.js';

/** What one connection may send: more than that ends it. */
const RATE = { messages: 5000, messagesPerSecond: 1000, bytes: 16_000_000, bytesPerSecond: 4_000_000 };
/** Until `verack`. */
const HANDSHAKE_MS = 10_000;
/** Without a message. */
const IDLE_MS = 20 * 60_000;
/** Bytes on their way before we wait for the peer to read. */
const MAX_UNSENT = 4_000_000;
/** Headers that are announced at once; for more, the tip's hash (Bitcoin Core `MAX_BLOCKS_TO_ANNOUNCE`). */
const MAX_ANNOUNCED = 8;
const CHAINS = { main: 'bitcoin-mainnet', regtest: 'bitcoin-regtest' } as const;
const SERVICES = Services.network | Services.bloom | Services.witness | Services.networkLimited;

/** One inbound connection of a served chain. It ends at the first thing that is not of the protocol. */
export class ServedPeer {
  readonly #socket: Socket;
  readonly #served: ServedChain;
  readonly #magic: Uint8Array;
  readonly #decoder: FrameDecoder;
  readonly #rate = new FloodMeter(RATE, performance.now());
  readonly #inbox: Frame[] = [];
  #working = false;
  #met = false;
  #acknowledged = false;
  #wantsHeaders = false;
  #filter: BloomFilter | undefined;
  /** Newest block of the best chain that the peer has heard of from us. */
  #known: BlockEntry | undefined;

  constructor(socket: Socket, served: ServedChain) {
    this.#socket = socket;
    this.#served = served;
    this.#magic = p2pNetwork(CHAINS[served.chain.network]).magic;
    this.#decoder = new FrameDecoder({
      magic: this.#magic,
      skips: (command) => command === 'block' || command === 'tx',
    });
    socket.setNoDelay(true);
    socket.setTimeout(HANDSHAKE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
  }

  /** Tells of a new tip: its headers where the peer wants them and knows what they build on, its hash otherwise. */
  announce(tip: BlockEntry): void {
    if (!this.#acknowledged || this.#known === tip || this.#socket.destroyed) return;
    if (this.#socket.writableLength > MAX_UNSENT) {
      this.end();
      return;
    }
    const headers = this.#wantsHeaders ? this.#unknownHeaders(tip) : undefined;
    if (headers === undefined)
      this.#send({ command: 'inv', entries: [{ type: InventoryType.block, hash: tip.hash }] });
    else {
      this.#known = tip;
      if (headers.length > 0) this.#send({ command: 'headers', headers });
    }
  }

  end(): void {
    this.#socket.destroy();
  }

  #unknownHeaders(tip: BlockEntry): Uint8Array[] | undefined {
    if (this.#known === undefined) return undefined;
    const fork = forkOf(this.#known, tip);
    if (tip.height - fork.height > MAX_ANNOUNCED) return undefined;
    const headers: Uint8Array[] = [];
    for (let height = fork.height + 1; height <= tip.height; height++) {
      const entry = ancestorAt(tip, height);
      if (entry !== undefined) headers.push(entry.header);
    }
    return headers;
  }

  #read(chunk: Uint8Array): void {
    try {
      this.#inbox.push(...this.#decoder.push(chunk));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#socket.destroy();
      return;
    }
    if (this.#working) return;
    this.#working = true;
    this.#socket.pause();
    this.#work().then(
      () => {
        this.#working = false;
        this.#socket.resume();
      },
      (error: unknown) => {
        this.#socket.destroy();
        if (!(error instanceof WireError || error instanceof PeerGoneError)) throw error;
      },
    );
  }

  /** One message after another, so that answers keep the order of the questions. */
  async #work(): Promise<void> {
    for (let frame = this.#inbox.shift(); frame !== undefined; frame = this.#inbox.shift()) {
      if (this.#rate.add(frame.length + 24, performance.now()) !== undefined) throw new PeerGoneError();
      if (frame.payload !== undefined) await this.#answer(decodePayload(frame.command, frame.payload));
    }
  }

  async #answer(message: Message): Promise<void> {
    if (message.command === 'version') return this.#meet();
    if (message.command === 'verack' && this.#met) {
      this.#acknowledged = true;
      this.#socket.setTimeout(IDLE_MS);
    }
    if (!this.#acknowledged) return;
    switch (message.command) {
      case 'ping':
        return this.#send({ command: 'pong', nonce: message.nonce });
      case 'sendheaders':
        this.#wantsHeaders = true;
        return;
      case 'getheaders': {
        const entries = followingBlocks(this.#served, message);
        if (entries === undefined) return;
        const last = entries.at(-1) ?? this.#served.chain.tip;
        if (message.locator.length > 0) this.#known = last;
        return this.#send({ command: 'headers', headers: entries.map(({ header }) => header) });
      }
      case 'getdata':
        return this.#answerData(message.entries);
      case 'filterload':
        this.#filter = BloomFilter.from(message);
        return;
      case 'filteradd':
        this.#filter?.insert(message.data);
        return;
      case 'filterclear':
        this.#filter = undefined;
        return;
      default:
        return;
    }
  }

  async #answerData(entries: readonly InventoryEntry[]): Promise<void> {
    const missing: InventoryEntry[] = [];
    for (const entry of entries) {
      const answers = answerData(this.#served, entry, this.#filter);
      if (answers.length === 0) missing.push(entry);
      for (const answer of answers) this.#send(answer);
      if (this.#socket.writableLength > MAX_UNSENT) await drained(this.#socket);
    }
    if (missing.length > 0) this.#send({ command: 'notfound', entries: missing });
  }

  #meet(): void {
    if (this.#met) return;
    this.#met = true;
    this.#send({
      command: 'version',
      version: PROTOCOL_VERSION,
      services: SERVICES,
      time: BigInt(Math.floor(Date.now() / 1000)),
      receiver: NO_ADDRESS,
      sender: NO_ADDRESS,
      nonce: randomBytes(8).readBigUInt64LE(),
      userAgent: '/crossroot-regtest:0.1/',
      startHeight: this.#served.chain.tip.height,
      relay: true,
    });
    this.#send({ command: 'verack' });
  }

  #send(message: KnownMessage): void {
    if (this.#socket.destroyed) throw new PeerGoneError();
    this.#socket.write(encodeFrame(this.#magic, message.command, encodePayload(message)));
  }
}

/** @throws PeerGoneError if it closes instead */
async function drained(socket: Socket): Promise<void> {
  const closed = new AbortController();
  const onClose = () => closed.abort();
  socket.once('close', onClose);
  try {
    await once(socket, 'drain', { signal: closed.signal });
  } catch {
    throw new PeerGoneError();
  } finally {
    socket.off('close', onClose);
  }
}
