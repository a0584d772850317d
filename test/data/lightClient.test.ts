import { beforeAll, describe, expect, it } from 'vitest';
import { committeeRoot, keyRoot } from '../../adapters/ethereum/consensus/committee.js';
import {
  advanceFinality,
  beaconRoot,
  encodeBootstrap,
  encodeCommittee,
  encodeUpdate,
  encodeWholeCommittee,
  type FinalityRecord,
  isFinalityUpdate,
  LightClient,
  periodAt,
  type SyncCommittee,
  startFinality,
} from '../../adapters/ethereum/consensus/index.js';
import { encodeStore } from '../../adapters/ethereum/consensus/snapshot.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { nobleBls } from '../../proofs/bls/bls.js';
import { fromHex, ZERO32 } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { digest64 } from '../../proofs/hash/hasher.js';
import { fuluDevnet, type LightClientFile, lightClientFiles, sixPeriods } from '../support/lightClient.js';
import { hasData, needsData } from './folder.js';

const LATER = 2_000_000_000;
beforeAll(useFastHasher);

/** Committees of a file by their period: its bootstrap's, and those that its updates bring. */
function committees(file: LightClientFile): Map<number, SyncCommittee> {
  const { bootstrap, updates, network } = file;
  const known = new Map(
    updates.map(({ data }) => [
      periodAt(network, data.attestedHeader.beacon.slot) + 1,
      data.nextSyncCommittee,
    ]),
  );
  return known.set(periodAt(network, bootstrap.data.header.beacon.slot), bootstrap.data.currentSyncCommittee);
}

function advance(file: LightClientFile, record: FinalityRecord, i: number, whole = false): FinalityRecord {
  const update = file.updates[i]!;
  const committee = committees(file).get(periodAt(file.network, update.data.signatureSlot))!;
  const encoded = encodeUpdate(file.network, { kind: 'update', versioned: update });
  const signers = whole
    ? encodeWholeCommittee(file.network, committee)
    : encodeCommittee(file.network, committee, update.data.syncAggregate.syncCommitteeBits);
  return advanceFinality(file.network, record, encoded, signers, LATER, blstBls);
}

describe.skipIf(!hasData)(needsData('light client: files of public networks'), () => {
  it('are there', () => {
    expect(lightClientFiles().map(({ name, updates }) => [name, updates.length])).toEqual([
      ['mainnet_helios.json', 6],
      ['mainnet_portal_capella.json', 4],
      ['sepolia_gear_sepolia.json', 1],
    ]);
  });

  it.each(lightClientFiles().filter(({ name }) => !name.includes('portal')))(
    '$name: from its bootstrap over every update',
    (file) => {
      const { network, bootstrap, updates, finalityUpdates, optimisticUpdates } = file;
      const root = beaconRoot(bootstrap.data.header.beacon);
      const client = LightClient.start(network, root, bootstrap.data, blstBls);
      let record = startFinality(network, root, encodeBootstrap(network, bootstrap));
      for (const [i, update] of updates.entries()) {
        client.processUpdate(update.data, Number.POSITIVE_INFINITY);
        const whole = advance(file, record, i, true);
        record = advance(file, record, i);
        expect(record).toEqual(whole);
        expectSame(client, record);
      }
      expect(client.finalized.beacon.slot).toBe(
        Math.max(bootstrap.data.header.beacon.slot, updates.at(-1)!.data.finalizedHeader.beacon.slot),
      );
      for (const { fork, data } of finalityUpdates) {
        const encoded = encodeUpdate(network, { kind: 'finalityUpdate', versioned: { fork, data } });
        const committee = committees(file).get(periodAt(network, data.signatureSlot));
        if (committee === undefined) {
          // Sepolia's is two periods ahead of the last committee in the file.
          expect(() => client.processFinalityUpdate(data, Number.POSITIVE_INFINITY)).toThrow('period-skip');
          const none = encodeWholeCommittee(network, bootstrap.data.currentSyncCommittee);
          expect(() => advanceFinality(network, record, encoded, none, LATER, blstBls)).toThrow(
            'period-skip',
          );
          continue;
        }
        client.processFinalityUpdate(data, Number.POSITIVE_INFINITY);
        const witness = encodeCommittee(network, committee, data.syncAggregate.syncCommitteeBits);
        expect(witness.length).toBeLessThan(1000);
        record = advanceFinality(network, record, encoded, witness, LATER, blstBls);
        expectSame(client, record);
        expect(record.slot).toBe(data.finalizedHeader.beacon.slot);
      }
      for (const { data } of optimisticUpdates) {
        client.processOptimisticUpdate(data, Number.POSITIVE_INFINITY);
        expect(client.optimistic.beacon.slot).toBe(data.attestedHeader.beacon.slot);
      }
    },
  );

  it('mainnet_portal_capella.json: each period by the committee that the one before brought', () => {
    const file = lightClientFiles().find(({ name }) => name.includes('portal'))!;
    const { network, updates, bootstrap, finalityUpdates, optimisticUpdates } = file;
    const root = beaconRoot(bootstrap.data.header.beacon);
    // Its bootstrap is newer than its updates: the first update is where this begins.
    const [first, ...rest] = updates;
    const { finalizedHeader, nextSyncCommittee } = first!.data;
    const start = LightClient.start(network, root, bootstrap.data, blstBls).store;
    const known = { committee: nextSyncCommittee, root: committeeRoot(nextSyncCommittee) };
    const store = {
      ...start,
      finalizedHeader,
      optimisticHeader: finalizedHeader,
      nextCommittee: known,
    };
    const client = LightClient.fromBytes(network, encodeStore(network, store), blstBls);
    let record: FinalityRecord = {
      slot: finalizedHeader.beacon.slot,
      beaconRoot: beaconRoot(finalizedHeader.beacon),
      executionHeight: finalizedHeader.execution.blockNumber,
      executionHash: finalizedHeader.execution.blockHash,
      currentCommitteeRoot: store.currentCommittee.root,
      nextCommitteeRoot: known.root,
    };
    for (const [i, update] of rest.entries()) {
      client.processUpdate(update.data, Number.POSITIVE_INFINITY);
      record = advance(file, record, i + 1);
      expectSame(client, record);
    }
    const { data } = finalityUpdates[0]!;
    client.processFinalityUpdate(data, Number.POSITIVE_INFINITY);
    for (const optimistic of optimisticUpdates)
      client.processOptimisticUpdate(optimistic.data, Number.POSITIVE_INFINITY);
    expect(client.finalized.beaconRoot).toEqual(root);
    const witness = encodeCommittee(
      network,
      bootstrap.data.currentSyncCommittee,
      data.syncAggregate.syncCommitteeBits,
    );
    const encoded = encodeUpdate(network, { kind: 'finalityUpdate', versioned: finalityUpdates[0]! });
    record = advanceFinality(network, record, encoded, witness, LATER, blstBls);
    expectSame(client, record);
    // What its updates lead to is what its bootstrap says.
    expect(record.currentCommitteeRoot).toEqual(committeeRoot(bootstrap.data.currentSyncCommittee));
  });

  it('holds under the pure BLS as under the native one', () => {
    const file = sixPeriods();
    const { network, bootstrap } = file;
    const root = beaconRoot(bootstrap.data.header.beacon);
    const client = LightClient.start(network, root, bootstrap.data, nobleBls);
    for (const { data } of file.updates.slice(0, 2)) client.processUpdate(data, Number.POSITIVE_INFINITY);
    expect(client.finalized.beacon.slot).toBe(file.updates[1]!.data.finalizedHeader.beacon.slot);
  });

  it('goes on from what was kept', () => {
    const file = sixPeriods();
    const root = beaconRoot(file.bootstrap.data.header.beacon);
    let client = LightClient.start(file.network, root, file.bootstrap.data, blstBls);
    for (const { data } of file.updates) {
      client.processUpdate(data, Number.POSITIVE_INFINITY);
      const kept = LightClient.fromBytes(file.network, client.toBytes(), blstBls);
      expect(kept.store).toEqual(client.store);
      client = kept;
    }
    expect(client.finalized.beacon.slot).toBeGreaterThan(7_100_000);
  });

  it('follows a development network under Fulu over two periods', () => {
    const { network, state, updates } = fuluDevnet();
    const rootOf = ({ pubkeys_hash, aggregate_pubkey }: { pubkeys_hash: string; aggregate_pubkey: string }) =>
      digest64(fromHex(pubkeys_hash), keyRoot(fromHex(aggregate_pubkey)));
    let record: FinalityRecord = {
      slot: state.slot,
      beaconRoot: ZERO32,
      executionHeight: 0,
      executionHash: ZERO32,
      currentCommitteeRoot: rootOf(state.current_sync_committee),
      nextCommitteeRoot: rootOf(state.next_sync_committee),
    };
    for (const { update, committee } of updates) {
      expect(update.fork).toBe('fulu');
      expect(isFinalityUpdate(update.data)).toBe(true);
      const keys = {
        pubkeys: committee.pubkeys.map((key) => fromHex(key)),
        aggregatePubkey: fromHex(committee.aggregate_pubkey),
      };
      const encoded = encodeUpdate(network, { kind: 'update', versioned: update });
      for (const bls of [nobleBls, blstBls]) {
        const signers = encodeCommittee(network, keys, update.data.syncAggregate.syncCommitteeBits);
        const next = advanceFinality(network, record, encoded, signers, LATER, bls);
        expect(next.slot).toBe(update.data.finalizedHeader.beacon.slot);
        if (bls === blstBls) record = next;
      }
    }
    expect(record.slot).toBe(192);
    expect(record.executionHeight).toBe(192);
  });
});

function expectSame(client: LightClient, record: FinalityRecord): void {
  const { finalized, store } = client;
  expect(record).toEqual({
    slot: finalized.beacon.slot,
    beaconRoot: finalized.beaconRoot,
    executionHeight: finalized.execution?.blockNumber,
    executionHash: finalized.execution?.blockHash,
    currentCommitteeRoot: store.currentCommittee.root,
    nextCommitteeRoot: store.nextCommittee?.root ?? ZERO32,
  });
}
