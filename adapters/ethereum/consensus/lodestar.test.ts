import { ssz } from '@lodestar/types';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../../proofs/hash/fast.js';
import { committeeRoot } from './committee.js';
import { syncCommitteeType, wireTypes } from './types.js';

/** Lodestar's types, which reach Electra; its preset is that of mainnet. */
const theirs = {
  altair: ssz.altair,
  bellatrix: ssz.altair,
  capella: ssz.capella,
  deneb: ssz.deneb,
  electra: ssz.electra,
} as const;
const names = {
  bootstrap: 'LightClientBootstrap',
  update: 'LightClientUpdate',
  finalityUpdate: 'LightClientFinalityUpdate',
  optimisticUpdate: 'LightClientOptimisticUpdate',
} as const;

beforeAll(useFastHasher);

/** What both kinds of type can do. */
interface AnyType {
  readonly minSize: number;
  readonly maxSize: number;
  deserialize(bytes: Uint8Array): unknown;
  serialize(value: unknown): Uint8Array;
  hashTreeRoot(value: unknown): Uint8Array;
  toJson(value: unknown): unknown;
  fromJson(json: unknown): unknown;
  defaultValue(): unknown;
}

/** A value with every number, byte and bit filled from `seed`. */
function filled(value: unknown, seed: number): unknown {
  if (typeof value === 'number') return (seed * 2_654_435_761) % 2 ** 40;
  if (typeof value === 'bigint') return BigInt(seed) * 1_000_003n;
  if (value instanceof Uint8Array) {
    const length = value.length === 0 ? seed % 33 : value.length;
    return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (seed >> 3)) & 255);
  }
  if (Array.isArray(value)) return value.map((item, i) => filled(item, seed + i + 1));
  if (typeof value === 'object' && value !== null) {
    if ('uint8Array' in value && 'bitLen' in value) {
      const bits = value as { readonly uint8Array: Uint8Array };
      bits.uint8Array.set(filled(bits.uint8Array, seed) as Uint8Array);
      return value;
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, item], i) => [key, filled(item, seed * 3 + i + 1)]),
    );
  }
  return value;
}

describe('beacon containers against Lodestar’s', () => {
  const forms = Object.keys(theirs).flatMap((fork) =>
    Object.keys(names).map((kind) => [fork as keyof typeof theirs, kind as keyof typeof names] as const),
  );

  it.each(forms)('%s %s', (fork, kind) => {
    const mine = wireTypes(512, fork)[kind] as unknown as AnyType;
    const their = theirs[fork][names[kind]] as unknown as AnyType;
    expect([mine.minSize, mine.maxSize]).toEqual([their.minSize, their.maxSize]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) => {
        const value = filled(their.defaultValue(), seed);
        const bytes = their.serialize(value);
        expect(mine.serialize(mine.deserialize(bytes))).toEqual(bytes);
        expect(mine.hashTreeRoot(mine.deserialize(bytes))).toEqual(their.hashTreeRoot(value));
        expect(mine.serialize(mine.fromJson(their.toJson(value)))).toEqual(bytes);
      }),
      { numRuns: 2 },
    );
  });

  it('have committees of the same root', () => {
    const value = filled(ssz.altair.SyncCommittee.defaultValue(), 12345) as never;
    const root = ssz.altair.SyncCommittee.hashTreeRoot(value);
    expect(committeeRoot(value)).toEqual(root);
    expect(syncCommitteeType(512).hashTreeRoot(value)).toEqual(root);
  });
});
