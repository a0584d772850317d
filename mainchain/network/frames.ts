import { FrameError } from './errors.js';

/** Longest frame: four large blocks. */
export const MAX_FRAME_BYTES = 8 * 2 ** 20;
const HEADER_BYTES = 5;

/** A frame: four bytes length of the payload (big-endian), one byte message code, the payload. */
export function encodeFrame(code: number, payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_FRAME_BYTES)
    throw new FrameError(`message ${code} of ${payload.length} bytes is too long to send`);
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame[4] = code;
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Cuts a byte stream into frames. */
export class FrameDecoder {
  #chunks: Uint8Array[] = [];
  #length = 0;
  readonly #limit: number;

  constructor(limit = MAX_FRAME_BYTES) {
    this.#limit = limit;
  }

  /** Whole frames that `chunk` completes. @throws FrameError if one announces more than the limit */
  push(chunk: Uint8Array): { readonly code: number; readonly payload: Uint8Array }[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const frames: { code: number; payload: Uint8Array }[] = [];
    while (this.#length >= HEADER_BYTES) {
      const head = this.#peek(HEADER_BYTES);
      const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
      if (length > this.#limit)
        throw new FrameError(`frame of ${length} bytes exceeds the limit of ${this.#limit}`);
      if (this.#length < HEADER_BYTES + length) break;
      const frame = this.#take(HEADER_BYTES + length);
      frames.push({ code: frame[4] ?? 0, payload: frame.subarray(HEADER_BYTES) });
    }
    return frames;
  }

  /** The first `count` bytes, left in place. */
  #peek(count: number): Uint8Array {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= count) return first.subarray(0, count);
    this.#join();
    return (this.#chunks[0] ?? new Uint8Array(0)).subarray(0, count);
  }

  #take(count: number): Uint8Array {
    this.#join();
    const all = this.#chunks[0] ?? new Uint8Array(0);
    this.#chunks = [all.subarray(count)];
    this.#length -= count;
    return all.slice(0, count);
  }

  #join(): void {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
  }
}
