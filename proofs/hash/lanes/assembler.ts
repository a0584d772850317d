/** Value types (WebAssembly core specification 2.0, 5.3). */
export const ValueType = { i32: 0x7f, v128: 0x7b } as const;
type ValueTypeCode = (typeof ValueType)[keyof typeof ValueType];

/** Opcodes (WebAssembly core specification 2.0, 5.4; vector ones follow the prefix byte 0xfd). */
const Op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  vector: 0xfd,
} as const;

/** Vector opcodes, after the prefix. */
export const Simd = {
  load: 0x00,
  store: 0x0b,
  shuffle: 0x0d,
  and: 0x4e,
  or: 0x50,
  xor: 0x51,
  shl: 0xab,
  shrU: 0xad,
  add: 0xae,
} as const;

const PAGE_BYTES = 65_536;

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    out.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return out;
}

/** Signed LEB128 of a 32-bit number. */
function signed(value: number): number[] {
  const out: number[] = [];
  for (let rest = value | 0; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      out.push(low);
      return out;
    }
    out.push(low | 0x80);
  }
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  return [id, ...sized([...unsigned(entries.length), ...entries.flat()])];
}

/** The body of one function without results, instruction by instruction. */
export class FunctionBody {
  readonly #code: number[] = [];
  readonly #locals: ValueTypeCode[] = [];

  /** @param parameters number of `i32` parameters, which are the first locals */
  constructor(readonly parameters: number) {}

  /** A new local; its number. */
  local(type: ValueTypeCode): number {
    this.#locals.push(type);
    return this.parameters + this.#locals.length - 1;
  }

  get(local: number): this {
    return this.#emit(Op.localGet, ...unsigned(local));
  }
  set(local: number): this {
    return this.#emit(Op.localSet, ...unsigned(local));
  }
  tee(local: number): this {
    return this.#emit(Op.localTee, ...unsigned(local));
  }
  i32(value: number): this {
    return this.#emit(Op.i32Const, ...signed(value));
  }
  i32Add(): this {
    return this.#emit(Op.i32Add);
  }
  /** A vector operation without immediate. */
  simd(code: number): this {
    return this.#emit(Op.vector, ...unsigned(code));
  }
  /** Pops an address; the offset is added to it. */
  load(offset: number): this {
    return this.#emit(Op.vector, ...unsigned(Simd.load), 0, ...unsigned(offset));
  }
  /** Pops an address and a vector. */
  store(offset: number): this {
    return this.#emit(Op.vector, ...unsigned(Simd.store), 0, ...unsigned(offset));
  }
  /** @param lanes 16 byte indices into both operands */
  shuffle(lanes: readonly number[]): this {
    return this.#emit(Op.vector, ...unsigned(Simd.shuffle), ...lanes);
  }

  /** Repeats what `emit` writes while `counter` is not zero, lowering it by one each time. */
  repeat(counter: number, emit: () => void): this {
    const empty = 0x40;
    this.#emit(Op.block, empty, Op.loop, empty);
    this.get(counter).#emit(Op.i32Eqz, Op.brIf, 1);
    emit();
    this.get(counter).i32(1).#emit(Op.i32Sub).set(counter);
    return this.#emit(Op.br, 0, Op.end, Op.end);
  }

  encode(): number[] {
    const locals = this.#locals.map((type) => [1, type]);
    return sized([...unsigned(locals.length), ...locals.flat(), ...this.#code, Op.end]);
  }

  #emit(...bytes: readonly number[]): this {
    for (const byte of bytes) this.#code.push(byte);
    return this;
  }
}

/**
 * A WebAssembly module with exported functions and one exported memory called `memory`.
 * @param data written to the memory from address 0 on
 * @returns its binary form (WebAssembly core specification 2.0, 5.5)
 */
export function encodeModule(
  functions: Readonly<Record<string, FunctionBody>>,
  memoryBytes: number,
  data: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(functions);
  const name = (text: string): number[] => sized([...text].map((letter) => letter.charCodeAt(0)));
  const typeOf = ({ parameters }: FunctionBody): number[] => [
    0x60,
    ...sized(new Array<number>(parameters).fill(ValueType.i32)),
    0,
  ];
  const pages = Math.ceil(memoryBytes / PAGE_BYTES);
  const exported = entries.map(([label], i) => [...name(label), 0x00, ...unsigned(i)]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      entries.map(([, body]) => typeOf(body)),
    ),
    ...section(
      3,
      entries.map((_, i) => unsigned(i)),
    ),
    ...section(5, [[0x01, ...unsigned(pages), ...unsigned(pages)]]),
    ...section(7, [...exported, [...name('memory'), 0x02, 0x00]]),
    ...section(
      10,
      entries.map(([, body]) => body.encode()),
    ),
    ...section(11, [[0x00, Op.i32Const, 0x00, Op.end, ...sized([...data])]]),
  ]);
}
