import { createHash } from 'node:crypto';
import type { Type } from '@chainsafe/ssz';
import fc from 'fast-check';
import { expect } from 'vitest';

/** What a type makes of bytes: the root of what they encode, or that they encode nothing. */
function read(type: Type<unknown>, bytes: Uint8Array): string {
  let value: unknown;
  try {
    value = type.deserialize(bytes);
  } catch (error) {
    if (error instanceof Error) return 'refused';
    throw error;
  }
  const again = type.serialize(value);
  if (!Buffer.from(again).equals(bytes)) return 'not as it was';
  const digest = createHash('sha256').update(again).digest('hex');
  return `${Buffer.from(type.hashTreeRoot(value)).toString('hex')} of bytes ${digest}`;
}

/**
 * Checks that two types read the same bytes as the same value: what each makes of the other's empty value, and of the
 * same with bytes changed at random.
 */
export function expectSameType(ours: Type<unknown>, theirs: Type<unknown>, runs: number): void {
  const start = theirs.serialize(theirs.defaultValue());
  expect(Buffer.from(ours.serialize(ours.defaultValue())).equals(start)).toBe(true);
  expect(read(ours, start)).toBe(read(theirs, start));
  expect(read(ours, start)).not.toBe('refused');
  const change = fc.tuple(fc.nat(start.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 48 }), fc.uint8Array({ maxLength: 40 }), (changes, tail) => {
      const bytes = new Uint8Array([...start, ...tail]);
      for (const [at, value] of changes) bytes[at] = value;
      const own = read(ours, bytes);
      // Slots beyond 2^53 lose digits in ours: strict decoding refuses what is not encoded as it was read.
      fc.pre(own !== 'not as it was');
      expect(own).toBe(read(theirs, bytes));
    }),
    { numRuns: runs },
  );
}
