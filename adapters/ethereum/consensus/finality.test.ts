import { describe, expect, it } from 'vitest';
import { blstBls } from '../../../mainchain/crypto/blst.js';
import { nobleBls } from '../../../proofs/bls/bls.js';
import { bytesEqual, concatBytes, ZERO32 } from '../../../proofs/bytes.js';
import { isRetryable } from '../../../proofs/errors/base.js';
import { FakeBeacon, forkingNetwork as network, type UpdateParts } from '../../../test/fixtures/beacon.js';
import {
  advanceFinality,
  type BeaconFork,
  beaconRoot,
  encodeBootstrap,
  encodeCommittee,
  encodeUpdate,
  encodeWholeCommittee,
  type FinalityRecord,
  FinalityRecordType,
  forkAt,
  LightClientTooEarlyError,
  type LightClientUpdate,
  periodAt,
  startFinality,
} from './index.js';

const chain = new FakeBeacon();
const timeAt = (slot: number) => network.genesisTime + 6 * slot;
const forkOf = (slot: number) => forkAt(network, slot)!.fork;

function start(slot: number, root = beaconRoot(chain.header(slot).beacon), fork = forkOf(slot)) {
  return startFinality(network, root, encodeBootstrap(network, { fork, data: chain.bootstrap(slot) }));
}

interface Call {
  readonly kind?: 'update' | 'finalityUpdate';
  readonly fork?: BeaconFork;
  readonly period?: number;
  readonly whole?: boolean;
  readonly now?: number;
  readonly bls?: typeof blstBls;
}

function advance(record: FinalityRecord, from: UpdateParts | LightClientUpdate, call: Call = {}) {
  const data = 'attested' in from ? chain.update(from) : from;
  const { slot } = data.attestedHeader.beacon;
  const { kind = 'update', fork = forkOf(slot), whole = false, bls = blstBls } = call;
  const { now = timeAt(data.signatureSlot), period = periodAt(network, data.signatureSlot) } = call;
  const committee = chain.committee(period);
  const bits = data.syncAggregate.syncCommitteeBits;
  return advanceFinality(
    network,
    record,
    encodeUpdate(network, { kind, versioned: { fork, data } } as never),
    whole ? encodeWholeCommittee(network, committee) : encodeCommittee(network, committee, bits),
    now,
    bls,
  );
}

/** What a record says of the execution block in a slot. */
const executionAt = (slot: number) => {
  const { blockNumber, blockHash } = chain.header(slot).execution;
  return { executionHeight: blockNumber, executionHash: blockHash };
};

describe('stateless finality', () => {
  const begun = start(64);
  const taught = advance(begun, { attested: 70, finalized: 66, committee: true });

  it('begins at the trusted block, without the next committee', () => {
    expect(begun).toMatchObject({ slot: 64, executionHeight: 64, nextCommitteeRoot: ZERO32 });
    expect(FinalityRecordType.fixedSize).toBe(144);
  });

  it('learns a committee, turns the period, and forgets the old one', () => {
    expect(taught.slot).toBe(66);
    const turned = advance(taught, { attested: 140, finalized: 130, committee: true });
    expect(turned).toMatchObject({
      slot: 130,
      executionHeight: 130,
      currentCommitteeRoot: taught.nextCommitteeRoot,
    });
    expect(bytesEqual(turned.nextCommitteeRoot, taught.nextCommitteeRoot)).toBe(false);
    const without = advance(taught, { attested: 140, finalized: 130 }, { kind: 'finalityUpdate' });
    expect(without).toEqual({ ...turned, nextCommitteeRoot: ZERO32 });
    expect(advance(without, { attested: 135, finalized: 130, committee: true })).toEqual(turned);
  });

  it('learns a committee from an update older than what is final', () => {
    const record = start(100);
    expect(advance(record, { attested: 72, finalized: 68, committee: true })).toEqual({
      ...record,
      nextCommitteeRoot: taught.nextCommitteeRoot,
    });
  });

  it('does not mind in which form the committee comes, nor by which BLS it is checked', () => {
    for (const absent of [[], [0], [31], [0, 1, 2, 3], [0, 2, 9, 17, 30, 31], [...Array(10).keys()]]) {
      const parts = { attested: 90, finalized: 80, absent };
      const expected = advance(taught, parts, { whole: true });
      expect(advance(taught, parts)).toEqual(expected);
      expect(advance(taught, parts, { bls: nobleBls })).toEqual(expected);
      expect(advance(taught, parts, { bls: nobleBls, whole: true })).toEqual(expected);
    }
  });

  it('may come true later', () => {
    const early = () => advance(taught, { attested: 90, finalized: 80 }, { now: timeAt(91) - 1 });
    expect(early).toThrow(LightClientTooEarlyError);
    try {
      early();
    } catch (error) {
      expect(isRetryable(error)).toBe(true);
    }
    expect(() => advance(taught, { attested: 90, finalized: 80 }, { now: 0 })).toThrow(
      LightClientTooEarlyError,
    );
    const clockless = { ...network, genesisTime: 0 };
    const update = chain.update({ attested: 90, finalized: 80 });
    const encoded = encodeUpdate(clockless, { kind: 'update', versioned: { fork: 'deneb', data: update } });
    const signers = encodeCommittee(clockless, chain.committee(1), update.syncAggregate.syncCommitteeBits);
    expect(advanceFinality(clockless, taught, encoded, signers, 0, blstBls).slot).toBe(80);
  });

  it.each<readonly [string, () => unknown]>([
    ['untrusted-root', () => start(64, new Uint8Array(32))],
    ['wrong-fork', () => start(64, undefined, 'capella')],
    ['wrong-fork', () => start(64, undefined, 'electra')],
    ['no-execution-payload', () => start(24)],
    ['unsupported-fork', () => startFinality(network, ZERO32, Uint8Array.of(7))],
    ['wrong-fork', () => advance(taught, { attested: 90, finalized: 80 }, { fork: 'electra' })],
    ['wrong-fork', () => advance(taught, { attested: 200, finalized: 130 }, { fork: 'electra' })],
    [
      'too-few-participants',
      () => advance(taught, { attested: 90, finalized: 80, absent: [...Array(11).keys()] }),
    ],
    ['not-relevant', () => advance(taught, { attested: 90, committee: true })],
    ['not-relevant', () => advance(taught, { attested: 90, finalized: 66, committee: true })],
    ['not-relevant', () => advance(begun, { attested: 90, committee: true })],
    ['period-skip', () => advance(begun, { attested: 140, finalized: 130 })],
    ['period-skip', () => advance(taught, { attested: 200, finalized: 190 })],
    ['wrong-committee', () => advance(taught, { attested: 90, finalized: 80 }, { period: 2 })],
    ['wrong-committee', () => advance(taught, { attested: 140, finalized: 130 }, { period: 1, whole: true })],
    [
      'invalid-signature',
      () =>
        advance(taught, {
          ...chain.update({ attested: 90, finalized: 80 }),
          syncAggregate: chain.update({ attested: 91 }).syncAggregate,
        }),
    ],
  ])('refuses by name: %s', (rule, run) => {
    expect(run).toThrow(`${rule}: `);
  });

  it('crosses a slot in which both a period and a fork begin', () => {
    // Period 2 and Electra begin with slot 128; the committee of its first slot signs what is of the last one before.
    const edge = { attested: 127, finalized: 120 };
    const last = advance(taught, edge);
    expect(last).toEqual({ ...taught, slot: 120, beaconRoot: last.beaconRoot, ...executionAt(120) });
    expect(advance(taught, { ...edge, committee: true })).toEqual(last);
    // An empty slot: signed under Electra's domain.
    expect(advance(taught, { ...edge, signature: 129 })).toEqual(last);
    // The first block of the period, in Electra's form, with a finalized block in Deneb's.
    expect(advance(taught, { attested: 128, finalized: 120, committee: true })).toEqual(last);
    const turned = advance(last, { attested: 140, finalized: 128, committee: true });
    expect(turned).toMatchObject({ slot: 128, currentCommitteeRoot: taught.nextCommitteeRoot });
    // Nothing from before is of any use now, and nothing of a period further on.
    expect(() => advance(turned, edge)).toThrow('not-relevant: ');
    expect(() => advance(turned, { attested: 128, finalized: 120 })).toThrow('not-relevant: ');
    expect(() => advance(last, { attested: 191, finalized: 180 })).toThrow('period-skip: ');
    expect(advance(turned, { attested: 191, finalized: 180 }).slot).toBe(180);
  });

  it.each<[string, UpdateParts | LightClientUpdate, Call?]>([
    ['wrong-committee', { attested: 127, finalized: 120 }, { period: 1 }],
    ['wrong-committee', { attested: 128, finalized: 120 }, { period: 1 }],
    ['wrong-fork', { attested: 127, finalized: 120 }, { fork: 'electra' }],
    ['wrong-fork', { attested: 128, finalized: 120 }, { fork: 'deneb' }],
    // The domain is that of the slot before the signature: one slot later, it is another.
    ['invalid-signature', { ...chain.update({ attested: 127, finalized: 120 }), signatureSlot: 129 }],
    [
      'invalid-signature',
      { ...chain.update({ attested: 127, finalized: 120, signature: 129 }), signatureSlot: 128 },
    ],
    // Signed within the old period by its committee, and passed off as of the new one.
    ['invalid-signature', { ...chain.update({ attested: 126, finalized: 120 }), signatureSlot: 128 }],
  ])('refuses by name where a period and a fork begin: %s', (rule, update, call) => {
    expect(() => advance(taught, update, call)).toThrow(`${rule}: `);
  });

  it('refuses a bootstrap whose committee is not the state’s', () => {
    const bootstrap = chain.bootstrap(64);
    const root = beaconRoot(bootstrap.header.beacon);
    const other = { ...bootstrap, currentSyncCommittee: chain.committee(3) };
    const encoded = encodeBootstrap(network, { fork: 'deneb', data: other });
    expect(() => startFinality(network, root, encoded)).toThrow('invalid-current-committee-branch');
  });

  it('refuses other lengths and kinds', () => {
    const update = chain.update({ attested: 90, finalized: 80, absent: [5] });
    const encoded = encodeUpdate(network, { kind: 'update', versioned: { fork: 'deneb', data: update } });
    const signers = encodeCommittee(network, chain.committee(1), update.syncAggregate.syncCommitteeBits);
    const run = (bytes: Uint8Array, committee: Uint8Array) =>
      advanceFinality(network, taught, bytes, committee, timeAt(100), blstBls);
    expect(run(encoded, signers).slot).toBe(80);
    for (const bad of [
      new Uint8Array(0),
      Uint8Array.of(1),
      encoded.subarray(0, -1),
      concatBytes(encoded, Uint8Array.of(0)),
      concatBytes(Uint8Array.of(3), encoded.subarray(1)),
      concatBytes(Uint8Array.of(2), encoded.subarray(1)),
      concatBytes(encoded, new Uint8Array(100_000)),
    ])
      expect(() => run(bad, signers)).toThrow();
    for (const bad of [
      new Uint8Array(0),
      Uint8Array.of(1),
      Uint8Array.of(2),
      signers.subarray(0, -1),
      concatBytes(signers, Uint8Array.of(0)),
      concatBytes(Uint8Array.of(3), signers.subarray(1)),
      concatBytes(Uint8Array.of(1), signers.subarray(1)),
    ])
      expect(() => run(encoded, bad)).toThrow('sync committee');
  });
});
