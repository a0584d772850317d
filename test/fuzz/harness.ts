import { CrossrootError } from '../../proofs/errors/base.js';

/** One decoder under attack. */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs, from which bad ones are made. */
  readonly seeds: readonly Uint8Array[];
  /** Of the inputs that a target gets of a suite's, less than 1 where each takes long. Default 1. */
  readonly share?: number;
  /** Largest input made, in bytes. Default 4096. */
  readonly maxBytes?: number;
  /**
   * Reads the input; if it is good, checks what must hold of it.
   * @throws CrossrootError for bad input; anything else is a fault of the decoder
   */
  run(input: Uint8Array): void | Promise<void>;
}

export interface FuzzReport {
  readonly inputs: number;
  /** Inputs that the decoder took. */
  readonly accepted: number;
  /** The slowest input, milliseconds. */
  readonly slowest: number;
  /** Growth of the heap over the run, bytes, after a collection where the engine offers one. */
  readonly growth: number;
}

/** An input that the decoder neither read nor refused as it should, with what repeats it. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
  constructor(target: string, seed: number, number: number, input: Uint8Array, cause: unknown) {
    super(
      `${target}: input ${number} of seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}: ${Buffer.from(input).toString('hex').slice(0, 600)}`,
      { cause },
    );
  }
}

/** No input may take longer, milliseconds: far above what the largest takes on a busy machine. */
const HANG = 5000;

/** Marsaglia's xorshift, 32 bits: the same numbers for the same seed, everywhere. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }
  /** 32 bits, unsigned. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }
  /** Below `limit`. */
  below(limit: number): number {
    return limit <= 1 ? 0 : this.next() % limit;
  }
}

/** Bytes at which lengths, signs and number forms change. */
const EDGES = [
  0x00, 0x01, 0x02, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xfc, 0xfd, 0xfe, 0xff, 0x22, 0x7b, 0x7d, 0x5b, 0x5d, 0x2d,
];

/** Numbers at which types end, 64 bits: those of 32 and 31 bits, what a double holds exactly, the last time of a `Date`. */
const LIMITS = [
  ...[2n ** 8n, 2n ** 16n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n].flatMap((end) => [end - 1n, end]),
  ...[0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 2n, 2n ** 64n - 1n, 8_640_000_000_000n, 8_640_000_000_001n],
];

/** Feeds `count` inputs to a target. @throws FuzzFailure */
export async function fuzz(target: FuzzTarget, count: number, seed: number): Promise<FuzzReport> {
  const random = new Random(seed);
  const collect = (globalThis as { gc?: () => void }).gc;
  // Every refusal is an error with a trace: not needed here, and most of the time it takes.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  let accepted = 0;
  let slowest = 0;
  collect?.();
  const before = process.memoryUsage().heapUsed;
  try {
    for (let number = 0; number < count; number++) {
      const input =
        number < target.seeds.length ? (target.seeds[number] ?? EMPTY) : makeInput(target, random);
      const start = performance.now();
      try {
        const running = target.run(input);
        // Most targets are not: waiting would cost more than they do.
        if (running !== undefined) await running;
        accepted++;
      } catch (error) {
        if (!(error instanceof CrossrootError) || number < target.seeds.length)
          throw new FuzzFailure(target.name, seed, number, input, error);
      }
      const took = performance.now() - start;
      if (took > slowest) slowest = took;
      if (took > HANG) throw new FuzzFailure(target.name, seed, number, input, new Error(`took ${took} ms`));
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  collect?.();
  return { inputs: count, accepted, slowest, growth: process.memoryUsage().heapUsed - before };
}

const EMPTY = new Uint8Array(0);

function makeInput({ seeds, maxBytes = 4096 }: FuzzTarget, random: Random): Uint8Array {
  const pick = (): Uint8Array => seeds[random.below(seeds.length)] ?? EMPTY;
  // One in sixteen is noise from the first byte to the last.
  if (seeds.length === 0 || random.below(16) === 0) return noise(random, random.below(256));
  let input: Uint8Array = pick().slice();
  for (let changes = 1 + random.below(4); changes > 0; changes--) input = mutate(input, pick, random);
  return input.length > maxBytes ? input.subarray(0, maxBytes) : input;
}

function mutate(input: Uint8Array, pick: () => Uint8Array, random: Random): Uint8Array {
  const at = random.below(input.length + 1);
  const length = 1 + random.below(random.below(8) === 0 ? 64 : 4);
  switch (random.below(10)) {
    case 0:
      if (at < input.length) input[at] = (input[at] ?? 0) ^ (1 << random.below(8));
      return input;
    case 1:
      if (at < input.length) input[at] = EDGES[random.below(EDGES.length)] ?? 0;
      return input;
    case 2:
      if (at < input.length) input[at] = random.next();
      return input;
    case 3:
      return input.slice(0, at);
    case 4:
      return join(input.subarray(0, at), input.subarray(Math.min(input.length, at + length)));
    case 5:
      return join(input.subarray(0, at), noise(random, length), input.subarray(at));
    case 6:
      return join(input.subarray(0, at), input.subarray(at, at + length), input.subarray(at));
    case 7: {
      const other = pick();
      return join(input.subarray(0, at), other.subarray(random.below(other.length + 1)));
    }
    case 8: {
      // One of eight bytes, either byte first.
      const value = LIMITS[random.below(LIMITS.length)] ?? 0n;
      const littleEndian = random.below(2) === 0;
      if (at + 8 <= input.length)
        new DataView(input.buffer, input.byteOffset + at, 8).setBigUint64(0, value, littleEndian);
      return input;
    }
    default: {
      // A number of two or four bytes, least significant byte first.
      const width = random.below(2) === 0 ? 2 : 4;
      const value = random.below(2) === 0 ? random.next() : random.below(64) - 32;
      for (let i = 0; i < width && at + i < input.length; i++) input[at + i] = value >>> (8 * i);
      return input;
    }
  }
}

function noise(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.next());
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
