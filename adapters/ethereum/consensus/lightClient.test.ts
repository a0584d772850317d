import { describe, expect, it } from 'vitest';
import { blstBls } from '../../../mainchain/crypto/blst.js';
import { nobleBls } from '../../../proofs/bls/bls.js';
import { FakeBeacon, forkingNetwork as network } from '../../../test/fixtures/beacon.js';
import { forkAt } from './forks.js';
import {
  advanceFinality,
  beaconRoot,
  encodeBootstrap,
  encodeCommittee,
  encodeUpdate,
  executionRoot,
  LightClient,
  type LightClientRuleError,
  type LightClientUpdate,
  periodAt,
  startFinality,
} from './index.js';

const chain = new FakeBeacon();
const ALWAYS = Number.POSITIVE_INFINITY;
const start = (slot: number, bls = blstBls) =>
  LightClient.start(network, beaconRoot(chain.header(slot).beacon), chain.bootstrap(slot), bls);

/** Name of the rule that refuses; the store must stay as it was. */
function refusal(client: LightClient, update: LightClientUpdate, slot = ALWAYS): string {
  const before = client.store;
  try {
    client.processUpdate(update, slot);
  } catch (error) {
    expect(client.store).toBe(before);
    return (error as LightClientRuleError).rule;
  }
  return 'taken';
}

describe('light client', () => {
  it('goes from Altair through Fulu in one store', () => {
    const client = start(8);
    const other = start(8, nobleBls);
    for (let slot = 24; slot < 39 * 8; slot += 16) {
      const update = chain.update({
        attested: slot,
        finalized: slot - 12,
        committee: true,
        absent: [slot % 32],
      });
      client.processUpdate(update, slot + 1);
      if (slot % 64 === 24) other.processUpdate(update, slot + 1);
      expect(client.finalized.beacon.slot).toBe(slot - 12);
      expect(client.optimistic.beacon.slot).toBe(slot);
      expect(client.finalized.execution?.blockNumber).toBe(slot - 12 < 32 ? undefined : slot - 12);
      expect(LightClient.fromBytes(network, client.toBytes(), blstBls).store).toEqual(client.store);
    }
    expect(other.finalized.beacon.slot).toBe(24 + 4 * 64 - 12);
  });

  it('gives the stateless form the same result', () => {
    const client = start(40);
    let record = startFinality(
      network,
      client.finalized.beaconRoot,
      encodeBootstrap(network, { fork: 'capella', data: chain.bootstrap(40) }),
    );
    for (let slot = 56; slot < 39 * 8; slot += 24) {
      const data = chain.update({
        attested: slot,
        finalized: slot - 12,
        committee: true,
        absent: [3, 17, 30],
      });
      client.processUpdate(data, slot + 1);
      const { fork } = forkAt(network, slot)!;
      const signers = encodeCommittee(
        network,
        chain.committee(periodAt(network, data.signatureSlot)),
        data.syncAggregate.syncCommitteeBits,
      );
      const encoded = encodeUpdate(network, { kind: 'update', versioned: { fork, data } });
      const now = network.genesisTime + 6 * (slot + 1);
      record = advanceFinality(network, record, encoded, signers, now, blstBls);
      expect(record).toMatchObject({
        slot: client.finalized.beacon.slot,
        beaconRoot: client.finalized.beaconRoot,
        executionHeight: slot - 12,
        currentCommitteeRoot: client.store.currentCommittee.root,
        nextCommitteeRoot: client.store.nextCommittee?.root,
      });
    }
  });

  it('signs by the fork version of the slot before the signature', () => {
    // Electra begins with slot 128: a signature in that slot is still Deneb's.
    const client = start(112);
    client.processUpdate(chain.update({ attested: 118, finalized: 114, committee: true }), ALWAYS);
    expect(
      refusal(client, chain.update({ attested: 126, signature: 128, finalized: 124, committee: true })),
    ).toBe('taken');
    expect(client.finalized.beacon.slot).toBe(124);
  });

  it('proves an execution header in the form of its own block’s fork', () => {
    // Finalized under Capella, attested under Deneb.
    const client = start(40);
    expect(refusal(client, chain.update({ attested: 66, signature: 67, finalized: 60 }))).toBe('period-skip');
    client.processUpdate(chain.update({ attested: 50, finalized: 44, committee: true }), ALWAYS);
    client.processUpdate(chain.update({ attested: 66, finalized: 60, committee: true }), ALWAYS);
    expect(client.finalized.beacon.slot).toBe(60);
    expect(executionRoot(network, client.store.finalizedHeader)).not.toEqual(new Uint8Array(32));
  });

  it('believes an optimistic header only above the safety threshold', () => {
    const client = start(64);
    client.processUpdate(chain.update({ attested: 70, finalized: 66, committee: true }), ALWAYS);
    expect(client.safetyThreshold).toBe(16);
    const absent = [...Array(20).keys()];
    client.processUpdate(chain.update({ attested: 75, absent }), ALWAYS);
    expect(client.optimistic.beacon.slot).toBe(70);
    client.processOptimisticUpdate(chain.update({ attested: 76, absent: [0, 1] }), ALWAYS);
    expect(client.optimistic.beacon.slot).toBe(76);
    client.processFinalityUpdate(
      chain.update({ attested: 80, finalized: 74, absent: [...Array(11).keys()] }),
      ALWAYS,
    );
    expect(client.finalized.beacon.slot).toBe(66);
    client.processFinalityUpdate(
      chain.update({ attested: 80, finalized: 74, absent: [...Array(10).keys()] }),
      ALWAYS,
    );
    expect(client.finalized.beacon.slot).toBe(74);
  });

  it('moves on by force after a period without finality, and says so', () => {
    const client = start(64);
    client.processUpdate(chain.update({ attested: 70, committee: true }), ALWAYS);
    client.processUpdate(chain.update({ attested: 80, committee: true }), ALWAYS);
    expect(client.forceUpdate(64 + 64)).toBe(false);
    expect(client.forceUpdate(64 + 65)).toBe(true);
    // Of two without finality the older one is the better.
    expect(client.finalized.beacon.slot).toBe(70);
    expect(client.store.isForced).toBe(true);
    expect(client.forceUpdate(1000)).toBe(false);
    client.processUpdate(chain.update({ attested: 130, finalized: 120, committee: true }), ALWAYS);
    expect(client.store.isForced).toBe(false);
    expect(client.finalized.beacon.slot).toBe(120);
  });

  it('calls nothing final that too few signed, even where force takes what they call final', () => {
    const client = start(64);
    client.processUpdate(chain.update({ attested: 70, finalized: 66, committee: true }), ALWAYS);
    const absent = [...Array(31).keys()];
    client.processUpdate(chain.update({ attested: 90, finalized: 80, absent }), ALWAYS);
    expect(client.finalized.beacon.slot).toBe(66);
    expect(client.forceUpdate(66 + 65)).toBe(true);
    expect(client.finalized.beacon.slot).toBe(80);
    expect(client.store.isForced).toBe(true);
  });

  it('is told of a finalized genesis by an empty header', () => {
    const client = start(4);
    client.processUpdate(chain.update({ attested: 9, finalized: 0, committee: true }), ALWAYS);
    expect(client.finalized.beacon.slot).toBe(4);
    expect(client.optimistic.beacon.slot).toBe(9);
  });

  it('says how old what it knows is', () => {
    expect(start(64).age(64 + 8 * 257)).toEqual({
      epochs: 257,
      seconds: 6 * 8 * 257,
      limitEpochs: 257,
      isTooOld: false,
    });
    expect(start(64).age(64 + 8 * 258).isTooOld).toBe(true);
  });
});

describe('light client refuses by name', () => {
  const client = start(64);
  client.processUpdate(chain.update({ attested: 70, finalized: 66, committee: true }), ALWAYS);
  const good = chain.update({ attested: 90, finalized: 80, committee: true });
  const other = new Uint8Array(32).fill(9);
  const { attestedHeader, finalizedHeader } = good;
  const noBranch = (branch: Uint8Array[]) => branch.map(() => new Uint8Array(32));
  const swap = (branch: Uint8Array[]) => [other, ...branch.slice(1)];
  const deneb = { ...attestedHeader.execution, gasUsed: 1 };

  it.each<[string, LightClientUpdate, number?]>([
    ['no-participants', chain.update({ attested: 90, absent: [...Array(32).keys()] })],
    [
      'unsupported-fork',
      chain.sign({
        ...chain.update({ attested: 318 }),
        attestedHeader: { ...attestedHeader, beacon: { ...attestedHeader.beacon, slot: 320 } },
      }),
    ],
    ['invalid-execution-branch', { ...good, attestedHeader: { ...attestedHeader, execution: deneb } }],
    [
      'invalid-execution-branch',
      {
        ...good,
        attestedHeader: { ...attestedHeader, executionBranch: swap(attestedHeader.executionBranch) },
      },
    ],
    ['invalid-execution-branch', { ...good, finalizedHeader: { ...finalizedHeader, execution: deneb } }],
    ['slot-order', good, 90],
    ['slot-order', { ...good, signatureSlot: 90 }],
    ['slot-order', { ...good, finalizedHeader: chain.header(91) }],
    ['period-skip', chain.update({ attested: 200, finalized: 190 })],
    ['not-relevant', chain.update({ attested: 66, finalized: 64 })],
    ['not-relevant', chain.update({ attested: 65, finalized: 64, committee: true })],
    ['finality-without-branch', { ...good, finalityBranch: noBranch(good.finalityBranch) }],
    ['invalid-finality-branch', { ...good, finalityBranch: swap(good.finalityBranch) }],
    ['invalid-finality-branch', { ...good, finalityBranch: [...good.finalityBranch.slice(0, -1), other] }],
    ['invalid-finality-branch', { ...good, finalizedHeader: chain.header(81) }],
    [
      'invalid-finality-branch',
      { ...good, finalizedHeader: { ...finalizedHeader, beacon: { ...finalizedHeader.beacon, slot: 0 } } },
    ],
    [
      'committee-without-branch',
      { ...good, nextSyncCommitteeBranch: noBranch(good.nextSyncCommitteeBranch) },
    ],
    [
      'invalid-next-committee-branch',
      { ...good, nextSyncCommitteeBranch: swap(good.nextSyncCommitteeBranch) },
    ],
    ['committee-contradiction', { ...good, nextSyncCommittee: chain.committee(5) }],
    ['invalid-signature', chain.sign(good, [], other)],
    [
      'invalid-signature',
      {
        ...good,
        attestedHeader: { ...attestedHeader, beacon: { ...attestedHeader.beacon, proposerIndex: 2 } },
      },
    ],
    [
      'invalid-signature',
      {
        ...good,
        syncAggregate: chain.update({ attested: 90, absent: [4] }).syncAggregate,
        attestedHeader: good.attestedHeader,
      },
    ],
  ])('%s', (rule, update, slot) => {
    expect(refusal(client, update, slot)).toBe(rule);
  });

  it('and takes the good one', () => {
    const fresh = LightClient.fromBytes(network, client.toBytes(), blstBls);
    expect(refusal(fresh, good, 91)).toBe('taken');
    expect(refusal(client, good, 90)).toBe('slot-order');
  });
});
