import type { Type } from '@chainsafe/ssz';
import { fromHex, toHex } from '../../proofs/bytes.js';
import { BadRequestError } from './errors.js';

/** JSON that goes over the wire. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A value in its JSON form and back. `decode` throws BadRequestError or MalformedInputError. */
export interface Codec<T> {
  encode(value: T): Json;
  decode(json: Json): T;
}

const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;

function text(json: Json): string {
  if (typeof json !== 'string')
    throw new BadRequestError(`a string is needed, not ${json === null ? 'null' : typeof json}`);
  return json;
}

/** An SSZ value as `0x` hex. */
export function ssz<T>(type: Type<T>): Codec<T> {
  return {
    encode: (value) => toHex(type.serialize(value)),
    decode: (json) => {
      const bytes = fromHex(text(json), 'SSZ value');
      try {
        return type.deserialize(bytes);
      } catch (error) {
        // The SSZ library throws plain errors.
        throw new BadRequestError(`not the SSZ encoding of ${type.typeName}`, { cause: error });
      }
    },
  };
}

/** Bytes as `0x` hex, of a fixed length if given. */
export function bytes(length?: number): Codec<Uint8Array> {
  return { encode: (value) => toHex(value), decode: (json) => fromHex(text(json), 'bytes', length) };
}

/** A height, slot, size or index: a decimal string. */
export const count: Codec<number> = {
  encode: (value) => String(value),
  decode: (json) => {
    const number = DECIMAL.test(text(json)) ? Number(json) : Number.NaN;
    if (!Number.isSafeInteger(number)) throw new BadRequestError(`not a count: ${text(json).slice(0, 40)}`);
    return number;
  },
};

/** An amount: a decimal string. */
export const amount: Codec<bigint> = {
  encode: (value) => value.toString(),
  decode: (json) => {
    if (!DECIMAL.test(text(json))) throw new BadRequestError(`not an amount: ${text(json).slice(0, 40)}`);
    return BigInt(text(json));
  },
};

export const flag: Codec<boolean> = {
  encode: (value) => value,
  decode: (json) => {
    if (typeof json !== 'boolean') throw new BadRequestError('a boolean is needed');
    return json;
  },
};

/** Short text, such as a chain name. */
export const word: Codec<string> = {
  encode: (value) => value,
  decode: (json) => {
    if (text(json).length > 256) throw new BadRequestError('text too long');
    return text(json);
  },
};

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): Codec<W> {
  return {
    encode: (value) => value,
    decode: (json) => {
      const found = words.find((w) => w === json);
      if (found === undefined) throw new BadRequestError(`one of ${words.join(', ')} is needed`);
      return found;
    },
  };
}

/** `undefined` is `null`. */
export function optional<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    encode: (value) => (value === undefined ? null : inner.encode(value)),
    decode: (json) => (json === null ? undefined : inner.decode(json)),
  };
}

export function list<T>(inner: Codec<T>): Codec<readonly T[]> {
  return {
    encode: (values) => values.map((value) => inner.encode(value)),
    decode: (json) => {
      if (!Array.isArray(json)) throw new BadRequestError('a list is needed');
      return json.map((one) => inner.decode(one));
    },
  };
}

/** Fields that are `undefined` are left out, and may be missing. */
export function record<T extends object>(
  fields: {
    readonly [K in keyof T]-?: Codec<T[K]> | Codec<Exclude<T[K], undefined>>;
  },
): Codec<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    encode: (value) => {
      const out: Record<string, Json> = {};
      for (const name of names) {
        const codec = fields[name] as Codec<unknown>;
        if (value[name] !== undefined) out[name] = codec.encode(value[name]);
      }
      return out;
    },
    decode: (json) => {
      if (json === null || typeof json !== 'object' || Array.isArray(json))
        throw new BadRequestError('an object is needed');
      const given = json as { readonly [key: string]: Json };
      for (const name of Object.keys(given)) {
        if (!Object.hasOwn(fields, name)) throw new BadRequestError(`unknown field ${name.slice(0, 40)}`);
      }
      const out: Record<string, unknown> = {};
      for (const name of names) {
        const codec = fields[name] as Codec<unknown>;
        const field = given[name];
        if (field !== undefined) out[name] = codec.decode(field);
      }
      return out as T;
    },
  };
}
