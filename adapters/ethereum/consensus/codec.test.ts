import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { bitsOf, FakeBeacon, forkingNetwork as network } from '../../../test/fixtures/beacon.js';
import {
  BEACON_FORKS,
  committeeRoot,
  decodeBootstrap,
  decodeCommittee,
  decodeSsz,
  decodeUpdate,
  encodeBootstrap,
  encodeCommittee,
  encodeSsz,
  encodeUpdate,
  fromBeaconJson,
  type LightClientKind,
  LightClientRuleError,
  syncCommitteeType,
  toBeaconJson,
} from './index.js';
import { decodeStore } from './snapshot.js';

const chain = new FakeBeacon();
/** A slot under each fork. */
const slots = { altair: 10, bellatrix: 20, capella: 40, deneb: 70, electra: 140, fulu: 200 };
const kinds = ['bootstrap', 'update', 'finalityUpdate', 'optimisticUpdate'] as const;

function data(kind: LightClientKind, slot: number) {
  return kind === 'bootstrap'
    ? chain.bootstrap(slot)
    : chain.update({ attested: slot, finalized: slot - 4, committee: true, absent: [slot % 32] });
}

/** Runs a decoder on hostile input: it may refuse by a named error, and nothing else. */
function named(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof CrossrootError)) throw error;
  }
}

describe('light-client data', () => {
  const forms = BEACON_FORKS.flatMap((fork) => kinds.map((kind) => [fork, kind] as const));

  it.each(forms)('%s %s: SSZ and JSON there and back', (fork, kind) => {
    const bytes = encodeSsz(network, kind, { fork, data: data(kind, slots[fork]) as never });
    const versioned = decodeSsz(network, kind, fork, bytes);
    expect(encodeSsz(network, kind, versioned)).toEqual(bytes);
    const json: unknown = JSON.parse(JSON.stringify(toBeaconJson(network, kind, versioned)));
    expect(fromBeaconJson(network, kind, json)).toEqual(versioned);
    // Without a version, the slot tells the fork.
    expect(fromBeaconJson(network, kind, (json as { data: unknown }).data)).toEqual(versioned);
  });

  it('of an older form is what the newest form makes of it', () => {
    const update = chain.update({ attested: slots.altair, finalized: 6, committee: true });
    const bytes = encodeSsz(network, 'update', { fork: 'altair', data: update });
    expect(decodeSsz(network, 'update', 'altair', bytes).data).toEqual(update);
  });

  it('is refused by name where JSON is something else', () => {
    const good = toBeaconJson(network, 'optimisticUpdate', {
      fork: 'fulu',
      data: chain.update({ attested: 200 }),
    });
    const text = JSON.stringify(good);
    const read = (changed: string) => () => fromBeaconJson(network, 'optimisticUpdate', JSON.parse(changed));
    expect(read(text)).not.toThrow();
    expect(read(text.replace('"fulu"', '"gloas"'))).toThrow('unsupported-fork');
    expect(read(text.replace('"fulu"', '7'))).toThrow('no text');
    expect(read(text.replace('"fulu"', '"altair"'))).not.toThrow();
    expect(read(text.replace('"slot":"200"', '"slot":"two"'))).toThrow('does not decode');
    expect(read(text.replace('0x', '0y'))).toThrow('does not decode');
    expect(read(text.replace('0x', '0xzz'))).toThrow('does not decode');
    expect(read(text.replace('0x', '0x00'))).toThrow('does not decode');
    expect(read(text.replace('"signature_slot"', '"other"'))).toThrow('does not decode');
    for (const other of ['null', '7', '[]', '{}', '{"data":null}', '"x"'])
      expect(read(other)).toThrow('has no header with a slot');
    expect(() => fromBeaconJson(network, 'bootstrap', { header: { beacon: { slot: '1e9' } } })).toThrow();
  });

  it('never makes a decoder fail without a name', () => {
    const update = { fork: 'electra', data: chain.update({ attested: 140, committee: true }) } as const;
    const seeds = [
      encodeBootstrap(network, { fork: 'deneb', data: chain.bootstrap(70) }),
      encodeUpdate(network, { kind: 'update', versioned: update }),
      encodeUpdate(network, { kind: 'finalityUpdate', versioned: update }),
    ];
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.constantFrom(...seeds), fc.nat(), fc.uint8Array({ maxLength: 40 }), fc.nat(60))
        .map(([seed, at, put, cut]) => {
          const where = at % seed.length;
          return concatBytes(seed.subarray(0, where), put, seed.subarray(where + cut));
        }),
    );
    const bits = bitsOf(network, [1, 2, 5]);
    const root = committeeRoot(chain.committee(0));
    fc.assert(
      fc.property(hostile, (bytes) => {
        named(() => decodeBootstrap(network, bytes));
        named(() => decodeUpdate(network, bytes));
        named(() => decodeStore(network, bytes));
        named(() => decodeCommittee(network, bytes, bits, root, 0));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        for (const kind of kinds) named(() => fromBeaconJson(network, kind, json));
        for (const version of BEACON_FORKS)
          named(() => fromBeaconJson(network, 'update', { version, data: json }));
      }),
      { numRuns: 200 },
    );
  });
});

describe('committees', () => {
  const committee = chain.committee(0);
  const root = committeeRoot(committee);

  it('have the root that SSZ gives them', () => {
    expect(root).toEqual(syncCommitteeType(32).hashTreeRoot(committee));
  });

  it('come down to the absent members, whoever they are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(31)), (seats) => {
        const bits = bitsOf(network, seats);
        const encoded = encodeCommittee(network, committee, bits);
        expect(encoded.length).toBeLessThanOrEqual(1 + 48 * 33);
        const { aggregatePubkey, absent } = decodeCommittee(network, encoded, bits, root, 0);
        expect(aggregatePubkey).toEqual(committee.aggregatePubkey);
        expect(absent).toEqual(committee.pubkeys.filter((_, seat) => !seats.includes(seat)));
        const other = committeeRoot(chain.committee(1));
        expect(() => decodeCommittee(network, encoded, bits, other, 0)).toThrow(LightClientRuleError);
      }),
      { numRuns: 150 },
    );
  });
});
