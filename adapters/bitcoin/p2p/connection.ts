import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import { WireError } from './errors.js';
import { FLOOD_LIMITS, type FloodLimits, FloodMeter } from './flood.js';
import { encodeFrame, type Frame, FrameDecoder } from './frame.js';
import { decodePayload, encodePayload, type KnownMessage, type Message } from './messages.js';
import { p2pNetwork } from './networks.js';
import type { PeerTimes } from './times.js';
import { type Commands, type Take, Waiters } from './waiters.js';

export interface ConnectionOptions {
  /** For logs and errors. */
  readonly name: string;
  /** Chain name, such as `bitcoin-mainnet`. */
  readonly chain: string;
  readonly times: PeerTimes;
  readonly flood?: FloodLimits;
}

/** Bytes that may wait for a peer that does not read. */
const MAX_UNSENT = 1_048_576;
/** Milliseconds in which a connection that has ended may still send what was written. */
const LAST_FLUSH_MS = 1000;
/** What we never ask for and need not read. */
const PASSED_OVER = new Set([
  'tx',
  'addr',
  'addrv2',
  'alert',
  'cmpctblock',
  'blocktxn',
  'getblocktxn',
  'cfilter',
]);
/** What is only read when it was asked for. */
const ON_REQUEST = new Set(['block', 'merkleblock']);

/**
 * A connection to one peer: whole messages in and out. It ends at the first thing that no honest node sends, at the first
 * answer that does not come in time, when a message comes too slowly, and when more comes unasked than is allowed.
 */
export class PeerConnection {
  readonly name: string;
  /** Last round trip of a ping, in milliseconds. */
  latencyMs: number | undefined;
  /** Told of what nobody waited for. What it throws ends the connection. */
  onMessage: (message: Message) => void = () => undefined;
  /** Why the connection has ended. */
  ended: Error | undefined;
  readonly #socket: Socket;
  readonly #times: PeerTimes;
  readonly #magic: Uint8Array;
  readonly #decoder: FrameDecoder;
  readonly #flood: FloodMeter;
  readonly #waiters = new Waiters();
  readonly #watch: NodeJS.Timeout;
  #messageSince = 0;
  #pingAt: number;

  /** @param socket connected */
  constructor(socket: Socket, options: ConnectionOptions) {
    this.name = options.name;
    this.#socket = socket;
    this.#times = options.times;
    this.#magic = p2pNetwork(options.chain).magic;
    this.#decoder = new FrameDecoder({
      magic: this.#magic,
      skips: (command) => this.#skips(command),
    });
    this.#flood = new FloodMeter(options.flood ?? FLOOD_LIMITS, performance.now());
    this.#pingAt = performance.now() + options.times.pingMs;
    this.#watch = setInterval(() => this.#look(), Math.min(500, Math.max(20, options.times.messageMs / 4)));
    this.#watch.unref();
    socket.setNoDelay(true);
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    socket.on('error', (error: Error) =>
      this.end(new SourceUnavailableError(this.name, `the connection failed (${codeOf(error)})`, error)),
    );
    socket.on('close', () => this.end(new SourceUnavailableError(this.name, this.#closedWords())));
  }

  /** Whether it can be used. */
  get open(): boolean {
    return this.ended === undefined;
  }

  /** @throws why the connection has ended */
  send(message: KnownMessage): void {
    if (this.ended !== undefined) throw this.ended;
    this.#socket.write(encodeFrame(this.#magic, message.command, encodePayload(message)));
    if (this.#socket.writableLength > MAX_UNSENT) {
      const error = new SourceUnavailableError(this.name, 'does not read what we send');
      this.end(error);
      throw error;
    }
  }

  /**
   * Waits for the first message that `take` gives a value for. If none comes in time, the connection ends.
   * @param what is waited for, in words
   * @param commands of the messages that may answer, or `any`
   * @throws SourceUnavailableError, SourceFaultError: why the connection ended
   */
  receive<T>(what: string, commands: Commands, timeoutMs: number, take: Take<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#wait(what, commands, timeoutMs, take, resolve, reject);
    });
  }

  /**
   * Sends a request and a ping behind it. Nodes answer in order: some time after the pong, an answer will not come any more,
   * and the node has none.
   * @returns what `take` gives for the answer, `undefined` if there is none
   * @throws SourceUnavailableError, SourceFaultError: why the connection ended
   */
  async ask<T>(
    what: string,
    request: KnownMessage,
    commands: Commands,
    timeoutMs: number,
    take: Take<T>,
  ): Promise<T | undefined> {
    const nonce = randomNonce();
    let grace: NodeJS.Timeout | undefined;
    let answered = false;
    try {
      return await new Promise<T | undefined>((resolve, reject) => {
        const giveUp = this.#wait(what, commands, timeoutMs, take, resolve, reject);
        const onPong = () => {
          if (answered) return;
          grace = setTimeout(() => {
            giveUp();
            resolve(undefined);
          }, this.#times.graceMs);
        };
        this.#wait('pong', ['pong'], timeoutMs, isPong(nonce), onPong, reject);
        this.send(request);
        this.send({ command: 'ping', nonce });
      });
    } finally {
      answered = true;
      clearTimeout(grace);
    }
  }

  /** @returns what ends the waiting without an answer */
  #wait<T>(
    what: string,
    commands: Commands,
    timeoutMs: number,
    take: Take<T>,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ): () => void {
    if (this.ended !== undefined) {
      reject(this.ended);
      return () => undefined;
    }
    const onTimeout = () =>
      this.end(new SourceUnavailableError(this.name, `gave no ${what} within ${timeoutMs} ms`));
    return this.#waiters.add({ commands, timeoutMs, take, resolve, reject, onTimeout });
  }

  /** Ends the connection; all that wait fail with `error`. */
  end(error: Error): void {
    if (this.ended !== undefined) return;
    this.ended = error;
    clearInterval(this.#watch);
    this.#socket.destroySoon();
    // Who does not read keeps what was sent from being flushed.
    setTimeout(() => this.#socket.destroy(), LAST_FLUSH_MS).unref();
    this.#waiters.fail(error);
  }

  #read(chunk: Uint8Array): void {
    if (this.ended !== undefined) return;
    const fresh = this.#decoder.pending === undefined;
    try {
      const frames = this.#decoder.push(chunk);
      if (fresh || frames.length > 0) this.#messageSince = performance.now();
      for (const frame of frames) {
        if (this.ended !== undefined) return;
        this.#handle(frame);
      }
    } catch (error) {
      this.end(this.#explain(error));
    }
  }

  #handle({ command, payload, length }: Frame): void {
    const message: Message =
      payload === undefined ? { command: 'other', name: command } : decodePayload(command, payload);
    if (this.#waiters.offer(message)) return;
    const excess = this.#flood.add(length + 24, performance.now());
    if (excess !== undefined)
      throw new SourceFaultError(
        this.name,
        `floods us with ${excess} that nobody asked for, last ${command}`,
      );
    if (message.command === 'ping') this.send({ command: 'pong', nonce: message.nonce });
    else this.onMessage(message);
  }

  /** Asked when a message's header is there. */
  #skips(command: string): boolean {
    if (ON_REQUEST.has(command) && !this.#waiters.expect(command))
      throw new SourceFaultError(this.name, `sends a ${command} that nobody asked for`);
    return PASSED_OVER.has(command);
  }

  /** Cuts a message that comes too slowly; sends pings. */
  #look(): void {
    const now = performance.now();
    const { pending } = this.#decoder;
    if (pending !== undefined) {
      const allowed = this.#times.messageMs + (pending.length * 1000) / this.#times.minBytesPerSecond;
      if (now - this.#messageSince > allowed) {
        const problem = `sends too slowly: ${partOf(pending)} after ${Math.round(allowed)} ms`;
        this.end(new SourceUnavailableError(this.name, problem));
        return;
      }
    }
    if (now >= this.#pingAt) this.#ping(now);
  }

  #ping(now: number): void {
    this.#pingAt = now + this.#times.pingMs;
    const nonce = randomNonce();
    this.receive('pong', ['pong'], this.#times.pongMs, isPong(nonce)).then(
      () => {
        this.latencyMs = performance.now() - now;
      },
      // The connection has ended, and whoever uses it next is told why.
      () => undefined,
    );
    try {
      this.send({ command: 'ping', nonce });
    } catch (error) {
      this.end(this.#explain(error));
    }
  }

  #explain(error: unknown): Error {
    if (error instanceof WireError)
      return new SourceFaultError(this.name, `breaks the P2P protocol: ${error.message}`, {
        rule: error.rule,
      });
    return error instanceof Error ? error : new SourceUnavailableError(this.name, 'failed', error);
  }

  #closedWords(): string {
    const { pending } = this.#decoder;
    return `closed the connection${pending === undefined ? '' : ` within ${partOf(pending)}`}`;
  }
}

function partOf({ command, length, received }: NonNullable<FrameDecoder['pending']>): string {
  return command === '' ? 'a part of a header' : `${received} of ${length} bytes of ${command}`;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}

/** 64 random bits. */
export function randomNonce(): bigint {
  return randomBytes(8).readBigUInt64LE();
}

function isPong(nonce: bigint): (message: Message) => true | undefined {
  return (message) => (message.command === 'pong' && message.nonce === nonce ? true : undefined);
}
