import { FunctionBody, Simd, ValueType } from './assembler.js';

/** Messages hashed at once: the 32-bit lanes of a 128-bit vector. */
export const LANES = 4;

/** A 32-bit word of each lane: the same known number in all, or a local that holds them. */
type Word = { readonly constant: number } | { readonly local: number };

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const ROUND = roots(64, Math.cbrt);
/** The same of the square roots of the first eight primes (FIPS 180-4, 5.3.3). */
const INITIAL = roots(8, Math.sqrt);

/** Numbers spread over all lanes, at the start of the memory: each once. */
export class ConstantPool {
  readonly #offsets = new Map<number, number>();

  offset(value: number): number {
    const key = value >>> 0;
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    const offset = this.#offsets.size * 16;
    this.#offsets.set(key, offset);
    return offset;
  }

  bytes(): Uint8Array {
    const out = new Uint8Array(this.#offsets.size * 16);
    const view = new DataView(out.buffer);
    for (const [value, offset] of this.#offsets)
      for (let lane = 0; lane < LANES; lane++) view.setUint32(offset + 4 * lane, value, true);
    return out;
  }
}

/**
 * A function `(input, output, groups)` that writes the double SHA-256 of `4 * groups` messages of `size` bytes each, one
 * after another, 32 bytes a message. Four messages go through one compression together, a lane each (FIPS 180-4).
 * @param size of a message in bytes: a multiple of 16, at most 112
 */
export function doubleSha256(size: number, pool: ConstantPool): FunctionBody {
  const body = new FunctionBody(3);
  const [input, output, groups] = [0, 1, 2];
  const sha = new Compression(body, pool);
  body.repeat(groups, () => {
    sha.begin();
    for (const block of blocks(size)) sha.block(block.map((word) => sha.message(word, input, size)));
    const digest = sha.end();
    sha.begin();
    sha.block([...digest, ...padding(32)]);
    sha.store(output);
    body
      .get(input)
      .i32(LANES * size)
      .i32Add()
      .set(input);
    body
      .get(output)
      .i32(LANES * 32)
      .i32Add()
      .set(output);
  });
  return body;
}

/** The blocks of a padded message: the number of each of its words, or a constant of the padding. */
function blocks(size: number): (Word | { readonly word: number })[][] {
  const words: (Word | { readonly word: number })[] = Array.from({ length: size / 4 }, (_, word) => ({
    word,
  }));
  words.push(...padding(size));
  return Array.from({ length: words.length / 16 }, (_, i) => words.slice(16 * i, 16 * i + 16));
}

/** A one bit, zeros, and the length in bits, to the next multiple of 64 bytes (FIPS 180-4, 5.1.1). */
function padding(size: number): Word[] {
  const total = Math.ceil((size + 9) / 64) * 16;
  return Array.from({ length: total - size / 4 }, (_, i) => ({
    constant: i === 0 ? 0x80000000 : i === total - size / 4 - 1 ? 8 * size : 0,
  }));
}

/** Writes the instructions of SHA-256's compression, constants folded. */
class Compression {
  readonly #body: FunctionBody;
  readonly #pool: ConstantPool;
  /** Working variables a to h. */
  #state: number[];
  readonly #chain: number[];
  readonly #schedule: number[];
  readonly #scratch: number;
  /** a^b of this round and b^c, which was a^b of the round before. */
  #ab: number;
  #bc: number;
  readonly #rows: number[];
  #fresh = true;

  constructor(body: FunctionBody, pool: ConstantPool) {
    const vectors = (count: number) => Array.from({ length: count }, () => body.local(ValueType.v128));
    this.#body = body;
    this.#pool = pool;
    this.#state = vectors(8);
    this.#chain = vectors(8);
    this.#schedule = vectors(16);
    this.#rows = vectors(4);
    this.#scratch = body.local(ValueType.v128);
    this.#ab = body.local(ValueType.v128);
    this.#bc = body.local(ValueType.v128);
  }

  /** Takes the initial hash value. */
  begin(): void {
    this.#fresh = true;
  }

  /** A word of the padded message; loads and transposes four of them whenever the first of four is asked for. */
  message(word: Word | { readonly word: number }, input: number, size: number): Word {
    if (!('word' in word)) return word;
    const first = word.word & 15;
    if (word.word % 4 === 0) this.#transpose(input, 4 * word.word, size, first);
    return { local: this.#at(first) };
  }

  block(words: readonly Word[]): void {
    const body = this.#body;
    if (this.#fresh) {
      for (const [i, value] of INITIAL.entries()) this.#constant(value).set(this.#state[i] ?? 0);
    } else for (const [i, from] of this.#chain.entries()) body.get(from).set(this.#state[i] ?? 0);
    const [, b = 0, c = 0] = this.#state;
    body.get(b).get(c).simd(Simd.xor).set(this.#bc);
    const schedule = [...words];
    for (let t = 0; t < 64; t++) {
      if (t >= 16) schedule[t & 15] = this.#extend(schedule, t);
      this.#round(schedule[t & 15] ?? { constant: 0 }, ROUND[t] ?? 0);
    }
    for (const [i, local] of this.#state.entries()) {
      body.get(local);
      if (this.#fresh) this.#constant(INITIAL[i] ?? 0);
      else body.get(this.#chain[i] ?? 0);
      body.simd(Simd.add).set(this.#chain[i] ?? 0);
    }
    this.#fresh = false;
  }

  /** The digest's eight words, in locals of the message schedule. */
  end(): Word[] {
    return this.#chain.map((from, i) => {
      this.#body.get(from).set(this.#at(i));
      return { local: this.#at(i) };
    });
  }

  /** Writes four digests, a lane each, 32 bytes apart. */
  store(output: number): void {
    const body = this.#body;
    for (const half of [0, 4]) {
      this.#interleave(this.#chain.slice(half, half + 4), (lane, emit) => {
        body.get(output);
        emit();
        body
          .tee(this.#scratch)
          .get(this.#scratch)
          .shuffle(SWAP_BYTES)
          .store(32 * lane + 4 * half);
      });
    }
  }

  /** Four words from byte `offset` of each message on, into the schedule from `first` on. */
  #transpose(input: number, offset: number, size: number, first: number): void {
    const body = this.#body;
    for (const [lane, row] of this.#rows.entries()) {
      body
        .get(input)
        .load(lane * size + offset)
        .tee(row)
        .get(row)
        .shuffle(SWAP_BYTES)
        .set(row);
    }
    this.#interleave(this.#rows, (column, emit) => {
      emit();
      body.set(this.#at(first + column));
    });
  }

  /** Columns of a 4 by 4 matrix of words whose rows are in locals. */
  #interleave(rows: readonly number[], use: (column: number, emit: () => void) => void): void {
    const [a = 0, b = 0, c = 0, d = 0] = rows;
    const body = this.#body;
    for (let column = 0; column < 4; column++) {
      use(column, () => {
        body
          .get(a)
          .get(b)
          .shuffle(lanes(column, 4 + column, 0, 0));
        body
          .get(c)
          .get(d)
          .shuffle(lanes(column, 4 + column, 0, 0));
        body.shuffle(lanes(0, 1, 4, 5));
      });
    }
  }

  /** W[t] of the schedule (FIPS 180-4, 6.2.2), with everything that is known added up beforehand. */
  #extend(schedule: readonly Word[], t: number): Word {
    const body = this.#body;
    const at = (back: number): Word => schedule[(t - back) & 15] ?? { constant: 0 };
    let known = 0;
    let terms = 0;
    const add = (word: Word, emit: (local: number) => void, fold: (value: number) => number): void => {
      if ('constant' in word) {
        known = (known + fold(word.constant)) | 0;
        return;
      }
      emit(word.local);
      if (terms++ > 0) body.simd(Simd.add);
    };
    const same = (local: number) => void body.get(local);
    add(at(16), same, (value) => value);
    add(at(7), same, (value) => value);
    add(
      at(15),
      (local) => this.#sigma(local, 7, 18, 3),
      (value) => fold(value, 7, 18, 3),
    );
    add(
      at(2),
      (local) => this.#sigma(local, 17, 19, 10),
      (value) => fold(value, 17, 19, 10),
    );
    if (terms === 0) return { constant: known };
    if (known !== 0) this.#constant(known).simd(Simd.add);
    const local = this.#at(t & 15);
    body.set(local);
    return { local };
  }

  #round(word: Word, k: number): void {
    const body = this.#body;
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = this.#state;
    const sum = this.#scratch;
    // h + K + W + ch(e, f, g) + Σ1(e)
    body.get(h);
    if ('constant' in word) this.#constant(word.constant + k).simd(Simd.add);
    else {
      this.#constant(k).get(word.local).simd(Simd.add).simd(Simd.add);
    }
    body.get(f).get(g).simd(Simd.xor).get(e).simd(Simd.and).get(g).simd(Simd.xor).simd(Simd.add);
    this.#rotations(e, 6, 11, 25);
    body.simd(Simd.add).tee(sum);
    body.get(d).simd(Simd.add).set(d);
    // + Σ0(a) + maj(a, b, c)
    body.get(a).get(b).simd(Simd.xor).tee(this.#ab).get(this.#bc).simd(Simd.and).get(b).simd(Simd.xor);
    this.#rotations(a, 2, 13, 22);
    body.simd(Simd.add).get(sum).simd(Simd.add).set(h);
    [this.#ab, this.#bc] = [this.#bc, this.#ab];
    this.#state = [h, a, b, c, d, e, f, g];
  }

  #rotations(local: number, ...by: readonly number[]): void {
    for (const [i, bits] of by.entries()) {
      this.#rotate(local, bits);
      if (i > 0) this.#body.simd(Simd.xor);
    }
  }

  #sigma(local: number, first: number, second: number, shift: number): void {
    this.#rotations(local, first, second);
    this.#body.get(local).i32(shift).simd(Simd.shrU).simd(Simd.xor);
  }

  #rotate(local: number, bits: number): void {
    this.#body.get(local).i32(bits).simd(Simd.shrU);
    this.#body
      .get(local)
      .i32(32 - bits)
      .simd(Simd.shl)
      .simd(Simd.or);
  }

  #constant(value: number): FunctionBody {
    return this.#body.i32(0).load(this.#pool.offset(value));
  }

  #at(place: number): number {
    return this.#schedule[place & 15] ?? 0;
  }
}

function fold(value: number, first: number, second: number, shift: number): number {
  const rotate = (bits: number) => (value >>> bits) | (value << (32 - bits));
  return (rotate(first) ^ rotate(second) ^ (value >>> shift)) | 0;
}

/** Byte indices that choose four words of two vectors. */
function lanes(...words: readonly number[]): number[] {
  return words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));
}

/** Both operands alike: big-endian words to little-endian ones, and back. */
const SWAP_BYTES = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];

/** First 32 bits of the fractional parts of roots of the first primes. */
function roots(count: number, root: (value: number) => number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes.map((prime) => ((root(prime) % 1) * 2 ** 32) >>> 0);
}
