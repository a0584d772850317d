import { fromHex, reversed, toBareHex } from '../../../proofs/bytes.js';
import { RpcCode, RpcError } from './errors.js';

/** One RPC method: names of its parameters in order (optional ones end in `?`) and what it does. */
export interface RpcMethod {
  readonly params: readonly string[];
  readonly call: (args: Arguments) => unknown;
}

export type RpcMethods = Readonly<Record<string, RpcMethod>>;

const TYPE_NAMES: Record<string, string> = { boolean: 'bool', undefined: 'null' };

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return TYPE_NAMES[typeof value] ?? typeof value;
}

/** Arguments of one call, read with Bitcoin Core's error codes and words. */
export class Arguments {
  constructor(
    readonly names: readonly string[],
    readonly values: readonly unknown[],
  ) {}

  /** From positional or named parameters. @throws RpcError */
  static of(method: string, names: readonly string[], params: unknown): Arguments {
    const bare = names.map((name) => name.replace('?', ''));
    if (params === undefined || params === null) params = [];
    let values: unknown[];
    if (Array.isArray(params)) values = params;
    else if (typeof params === 'object' && params !== null) {
      const unknown = Object.keys(params).find((key) => !bare.includes(key));
      if (unknown !== undefined)
        throw new RpcError(RpcCode.invalidParameter, `Unknown named parameter ${unknown}`);
      const named = new Map<string, unknown>(Object.entries(params));
      values = bare.map((name) => named.get(name));
    } else throw new RpcError(RpcCode.invalidRequest, 'Params must be an array or object');
    const missing = names.findIndex(
      (name, i) => !name.endsWith('?') && (values[i] ?? undefined) === undefined,
    );
    if (values.length > names.length || missing >= 0)
      throw new RpcError(
        RpcCode.misc,
        [method, ...names.map((name) => (name.endsWith('?') ? `( ${name.slice(0, -1)} )` : name))].join(' '),
      );
    return new Arguments(bare, values);
  }

  has(at: number): boolean {
    return (this.values[at] ?? undefined) !== undefined;
  }

  #fail(at: number, expected: string): never {
    throw new RpcError(
      RpcCode.type,
      `Wrong type passed: Position ${at + 1} (${this.names[at]}): JSON value of type ${typeName(this.values[at])} is not of expected type ${expected}`,
    );
  }

  string(at: number): string {
    const value = this.values[at];
    return typeof value === 'string' ? value : this.#fail(at, 'string');
  }

  integer(at: number, otherwise?: number): number {
    const value = this.has(at) ? this.values[at] : otherwise;
    if (typeof value !== 'number') return this.#fail(at, 'number');
    if (!Number.isInteger(value) || Math.abs(value) > 0x7fffffff)
      throw new RpcError(RpcCode.misc, 'JSON integer out of range');
    return value;
  }

  bool(at: number, otherwise: boolean): boolean {
    const value = this.has(at) ? this.values[at] : otherwise;
    return typeof value === 'boolean' ? value : this.#fail(at, 'bool');
  }

  /** A verbosity given as a number, or as a boolean for 0 and 1. */
  verbosity(at: number, otherwise: number): number {
    const value = this.values[at];
    return typeof value === 'boolean' ? Number(value) : this.integer(at, otherwise);
  }

  /** A hash in display order; returned as hex in internal order. */
  hash(at: number): string {
    const text = this.string(at);
    if (text.length !== 64)
      throw new RpcError(
        RpcCode.invalidParameter,
        `${this.names[at]} must be of length 64 (not ${text.length}, for '${text.slice(0, 100)}')`,
      );
    if (!/^[0-9a-fA-F]*$/.test(text))
      throw new RpcError(
        RpcCode.invalidParameter,
        `${this.names[at]} must be hexadecimal string (not '${text}')`,
      );
    return toBareHex(reversed(fromHex(text, 'hash', 32)));
  }

  /** An amount in coins, as a number or text; returned in satoshi. */
  amount(at: number): bigint {
    const value = this.values[at];
    if (typeof value !== 'number' && typeof value !== 'string')
      throw new RpcError(RpcCode.type, 'Amount is not a number or string');
    const text = typeof value === 'number' ? value.toFixed(8) : value;
    const match = /^(\d{1,8})(?:\.(\d{1,8}))?$/.exec(text);
    if (match === null || (typeof value === 'number' && Math.abs(Number(text) - value) > 1e-9))
      throw new RpcError(RpcCode.type, 'Invalid amount');
    return BigInt(match[1] ?? 0) * 100_000_000n + BigInt((match[2] ?? '').padEnd(8, '0'));
  }
}
