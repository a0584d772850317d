import {
  BitListType,
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  type Type,
  UintBigintType,
  UintNumberType,
} from '@chainsafe/ssz';
import { fromHex, toHex } from '../bytes.js';
import { CrossrootError } from '../errors/base.js';
import { ProofError } from '../errors/proof.js';
import type { Json } from '../verify/payload.js';

/** What a value is called in an error: `anchor.header.slot`. */
type Path = string;

/**
 * JSON of an SSZ value: containers as objects in field order, bytes as lower-case 0x hex, bit lists as the hex of
 * their SSZ, integers below 64 bits as numbers, larger ones as decimal strings.
 */
export function toJsonValue(type: Type<unknown>, value: unknown): Json {
  if (type instanceof ContainerType) {
    const fields = Object.entries(type.fields as Record<string, Type<unknown>>);
    const record = value as Record<string, unknown>;
    return Object.fromEntries(fields.map(([name, field]) => [name, toJsonValue(field, record[name])]));
  }
  if (type instanceof ListCompositeType) {
    return (value as unknown[]).map((item) => toJsonValue(type.elementType as Type<unknown>, item));
  }
  if (type instanceof UintNumberType) return type.byteLength < 8 ? (value as number) : String(value);
  if (type instanceof UintBigintType) return String(value);
  if (type instanceof ByteVectorType || type instanceof ByteListType) return toHex(value as Uint8Array);
  if (type instanceof BitListType) return toHex(type.serialize(value as never));
  throw new TypeError(`no JSON form for SSZ type ${type.typeName}`);
}

/** Inverse of `toJsonValue`. @throws ProofError `malformed` naming the place */
export function fromJsonValue(type: Type<unknown>, json: Json | undefined, path: Path): unknown {
  if (type instanceof ContainerType)
    return containerFromJson(type as unknown as ContainerType<never>, json, path);
  if (type instanceof ListCompositeType) {
    if (!Array.isArray(json)) throw malformed(path, 'is not a list');
    if (json.length > type.limit) throw malformed(path, `has more than ${type.limit} items`);
    return json.map((item, i) => fromJsonValue(type.elementType as Type<unknown>, item, `${path}[${i}]`));
  }
  if (type instanceof UintNumberType) {
    return type.byteLength < 8
      ? smallInteger(json, type.byteLength, path)
      : Number(decimal(json, path, BigInt(Number.MAX_SAFE_INTEGER)));
  }
  if (type instanceof UintBigintType) return decimal(json, path, (1n << BigInt(8 * type.byteLength)) - 1n);
  if (type instanceof ByteVectorType) return hex(json, path, type.lengthBytes);
  if (type instanceof ByteListType) {
    const bytes = hex(json, path);
    if (bytes.length > type.limitBytes) throw malformed(path, `is longer than ${type.limitBytes} bytes`);
    return bytes;
  }
  if (type instanceof BitListType) {
    try {
      return type.deserialize(hex(json, path));
    } catch (error) {
      if (error instanceof CrossrootError) throw error;
      throw malformed(path, 'is not a bit list');
    }
  }
  throw new TypeError(`no JSON form for SSZ type ${type.typeName}`);
}

/** An object with exactly these keys. @throws ProofError `malformed` */
export function objectOf(
  json: Json | undefined,
  keys: readonly string[],
  path: Path,
): { readonly [key: string]: Json } {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw malformed(path, 'is not an object');
  const record = json as { readonly [key: string]: Json };
  for (const key of keys) if (!Object.hasOwn(record, key)) throw malformed(path, `lacks ${key}`);
  for (const key of Object.keys(record))
    if (!keys.includes(key)) throw malformed(path, `has an unknown member ${key.slice(0, 40)}`);
  return record;
}

export function stringOf(json: Json | undefined, path: Path): string {
  if (typeof json !== 'string') throw malformed(path, 'is not a string');
  return json;
}

function containerFromJson(type: ContainerType<never>, json: Json | undefined, path: Path): unknown {
  const fields = type.fields as Record<string, Type<unknown>>;
  const record = objectOf(json, Object.keys(fields), path);
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      fromJsonValue(field, record[name], path === '' ? name : `${path}.${name}`),
    ]),
  );
}

function smallInteger(json: Json | undefined, bytes: number, path: Path): number {
  if (typeof json !== 'number' || !Number.isInteger(json) || json < 0 || json >= 2 ** (8 * bytes)) {
    throw malformed(path, `is not an integer of ${bytes * 8} bits`);
  }
  return json;
}

function decimal(json: Json | undefined, path: Path, max: bigint): bigint {
  if (typeof json !== 'string' || !/^(0|[1-9][0-9]{0,77})$/.test(json) || BigInt(json) > max) {
    throw malformed(path, 'is not a decimal string in range');
  }
  return BigInt(json);
}

function hex(json: Json | undefined, path: Path, length?: number): Uint8Array {
  // No repeated group in the pattern: engines overflow their stack on one in megabytes of text.
  if (typeof json !== 'string' || json.length % 2 !== 0 || !/^0x[0-9a-f]*$/.test(json))
    throw malformed(path, 'is not lower-case 0x hex');
  if (length !== undefined && json.length !== 2 + 2 * length)
    throw malformed(path, `is not ${length} bytes of hex`);
  return fromHex(json, path);
}

export function malformed(path: Path, problem: string): ProofError {
  return new ProofError('malformed', `${path === '' ? 'proof' : path} ${problem}`);
}
