import { encodeModule } from './assembler.js';
import { ConstantPool, doubleSha256, LANES } from './sha256.js';

/** Sizes of message, in bytes, that there are lanes for: a Bitcoin header, and a pair of Merkle nodes. */
export const LANE_SIZES = [80, 64] as const;
type LaneSize = (typeof LANE_SIZES)[number];

const INPUT_AT = 8192;
/** Messages of one call into WebAssembly. */
const BATCH = 1024;
const OUTPUT_AT = INPUT_AT + LANE_SIZES[0] * BATCH;
const END = OUTPUT_AT + 32 * BATCH;

type Run = (input: number, output: number, groups: number) => void;
interface Engine {
  readonly memory: Uint8Array;
  readonly run: Readonly<Record<LaneSize, Run>>;
}

/** `undefined` until first wanted; `null` where the engine has no WebAssembly with 128-bit vectors. */
let engine: Engine | null | undefined;
/** So few messages are not worth the 0.1 s that making the module takes. */
const FEW = 64;

/** Whether lanes work here. Makes the module ready, once. */
export function lanesWork(): boolean {
  if (engine === undefined) engine = start() ?? null;
  return engine !== null;
}

/**
 * Double SHA-256 of each `size`-byte piece of `messages`, four at a time in the lanes of vectors: 32 bytes a message, one
 * after another. `undefined` where lanes do not work or do not pay: another size, one message, few of them before the module is made.
 */
export function doubleSha256Lanes(messages: Uint8Array, size: number): Uint8Array | undefined {
  if (size !== 80 && size !== 64) return undefined;
  const count = Math.floor(messages.length / size);
  if (count === 1 || (count < FEW && engine === undefined) || !lanesWork() || !engine) return undefined;
  const { memory, run } = engine;
  const out = new Uint8Array(32 * count);
  for (let done = 0; done < count; done += BATCH) {
    const now = Math.min(BATCH, count - done);
    memory.set(messages.subarray(done * size, (done + now) * size), INPUT_AT);
    run[size](INPUT_AT, OUTPUT_AT, Math.ceil(now / LANES));
    out.set(memory.subarray(OUTPUT_AT, OUTPUT_AT + 32 * now), 32 * done);
  }
  return out;
}

function start(): Engine | undefined {
  const pool = new ConstantPool();
  const functions = { 80: doubleSha256(80, pool), 64: doubleSha256(64, pool) };
  const constants = pool.bytes();
  if (constants.length > INPUT_AT) throw new RangeError('constants reach into the messages');
  const code = encodeModule(functions, END, constants);
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyApi };
  if (!WebAssembly?.validate(code)) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code));
  return { memory: new Uint8Array(exports.memory.buffer), run: exports };
}

/** What is used of the engine's own interface, which the language's library does not declare. */
interface WebAssemblyApi {
  validate(code: Uint8Array): boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => { readonly exports: Engine['run'] & { readonly memory: { readonly buffer: ArrayBuffer } } };
}
