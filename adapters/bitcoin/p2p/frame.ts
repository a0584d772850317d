import { bytesEqual, concatBytes } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { uint32le } from '../proofs/wire.js';
import { WireError } from './errors.js';
import { MAX_PAYLOAD_BYTES, payloadLimit } from './limits.js';
import { networkOfMagic } from './networks.js';

/** Magic, command, length, checksum (Bitcoin Core `CMessageHeader`). */
export const FRAME_HEADER_BYTES = 24;
const COMMAND_BYTES = 12;
/** What a message may claim without having sent it. */
const FIRST_BUFFER_BYTES = 16_384;

/** One message as it came. */
export interface Frame {
  readonly command: string;
  /** `undefined` where the message was passed over unread. */
  readonly payload: Uint8Array | undefined;
  /** Of the payload. */
  readonly length: number;
}

/** A message in its envelope. @param command at most 12 ASCII characters */
export function encodeFrame(magic: Uint8Array, command: string, payload: Uint8Array): Uint8Array {
  const name = new Uint8Array(COMMAND_BYTES);
  name.set(new TextEncoder().encode(command).subarray(0, COMMAND_BYTES));
  return concatBytes(magic, name, uint32le(payload.length), sha256d(payload).subarray(0, 4), payload);
}

export interface FrameDecoderOptions {
  /** The network's first four bytes. */
  readonly magic: Uint8Array;
  /** Whether to pass over a message without keeping its payload. Asked once its header is there. Default: never. */
  readonly skips?: (command: string, length: number) => boolean;
}

interface Partial {
  readonly command: string;
  readonly length: number;
  readonly checksum: Uint8Array;
  /** `undefined` for a message that is passed over. Grows with what has come, up to the length. */
  buffer: Uint8Array | undefined;
  received: number;
}

/**
 * Cuts a stream of bytes into messages, whatever pieces it comes in. Holds at most one message: twice what has come of
 * it, and never more than its length, which is limited for each command.
 */
export class FrameDecoder {
  readonly #magic: Uint8Array;
  readonly #skips: (command: string, length: number) => boolean;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #partial: Partial | undefined;

  constructor(options: FrameDecoderOptions) {
    this.#magic = options.magic;
    this.#skips = options.skips ?? (() => false);
  }

  /** The message that has begun and not ended: the length of its payload, 0 while its header is not whole. */
  get pending():
    | { readonly command: string; readonly length: number; readonly received: number }
    | undefined {
    if (this.#partial !== undefined) return this.#partial;
    return this.#headerBytes === 0 ? undefined : { command: '', length: 0, received: 0 };
  }

  /** Bytes that are held for the message that has begun. */
  get heldBytes(): number {
    return this.#partial?.buffer?.length ?? 0;
  }

  /** The messages that end in `chunk`. @throws WireError: nothing more can be read from this stream */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#partial === undefined) at = this.#readHeader(chunk, at);
      else at = this.#readPayload(this.#partial, chunk, at);
      const done = this.#partial;
      if (done !== undefined && done.received === done.length) {
        this.#partial = undefined;
        frames.push(finish(done));
      }
    }
    return frames;
  }

  #readHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(chunk.length - at, FRAME_HEADER_BYTES - this.#headerBytes);
    this.#header.set(chunk.subarray(at, at + taken), this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes >= 4) this.#checkMagic();
    if (this.#headerBytes === FRAME_HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#partial = this.#begin();
    }
    return at + taken;
  }

  #checkMagic(): void {
    const magic = this.#header.subarray(0, 4);
    if (bytesEqual(magic, this.#magic)) return;
    const other = networkOfMagic(magic);
    throw new WireError(
      'wrong-network',
      other === undefined
        ? 'a message does not begin with the magic of the network'
        : `its messages are those of ${other}`,
    );
  }

  #begin(): Partial {
    const command = readCommand(this.#header.subarray(4, 4 + COMMAND_BYTES));
    const length = new DataView(this.#header.buffer).getUint32(16, true);
    const limit = Math.min(payloadLimit(command), MAX_PAYLOAD_BYTES);
    if (length > limit) throw new WireError('oversize', `${command} of ${length} bytes, more than ${limit}`);
    const kept = !this.#skips(command, length);
    return {
      command,
      length,
      checksum: this.#header.slice(20, 24),
      buffer: kept ? new Uint8Array(Math.min(length, FIRST_BUFFER_BYTES)) : undefined,
      received: 0,
    };
  }

  #readPayload(partial: Partial, chunk: Uint8Array, at: number): number {
    const taken = Math.min(chunk.length - at, partial.length - partial.received);
    if (partial.buffer !== undefined) {
      const needed = partial.received + taken;
      if (needed > partial.buffer.length) {
        const grown = new Uint8Array(Math.min(partial.length, Math.max(needed, 2 * partial.buffer.length)));
        grown.set(partial.buffer.subarray(0, partial.received));
        partial.buffer = grown;
      }
      partial.buffer.set(chunk.subarray(at, at + taken), partial.received);
    }
    partial.received += taken;
    return at + taken;
  }
}

function finish({ command, length, checksum, buffer }: Partial): Frame {
  if (buffer !== undefined && !bytesEqual(sha256d(buffer).subarray(0, 4), checksum))
    throw new WireError('bad-checksum', `${command} of ${length} bytes does not match its checksum`);
  return { command, payload: buffer, length };
}

/** Printable ASCII, then zeros (Core `CMessageHeader::IsCommandValid`). @throws WireError */
function readCommand(bytes: Uint8Array): string {
  let command = '';
  let ended = false;
  for (const byte of bytes) {
    if (byte === 0) ended = true;
    else if (ended || byte < 0x20 || byte > 0x7e)
      throw new WireError('bad-command', 'a command is not ASCII padded with zeros');
    else command += String.fromCharCode(byte);
  }
  return command;
}
