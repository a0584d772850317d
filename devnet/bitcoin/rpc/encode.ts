/** An amount in satoshi, written as Bitcoin Core writes it: coins with eight decimals. */
export class Amount {
  constructor(readonly satoshi: bigint) {}

  toString(): string {
    const digits = (this.satoshi < 0n ? -this.satoshi : this.satoshi).toString().padStart(9, '0');
    return `${this.satoshi < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`;
  }
}

/** JSON text of a value in which amounts stand as numbers; `undefined` members are left out. */
export function encodeJson(value: unknown): string {
  if (value instanceof Amount) return value.toString();
  if (Array.isArray(value)) return `[${value.map((item: unknown) => encodeJson(item)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => `${JSON.stringify(key)}:${encodeJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}
