import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  advanceFinality,
  beaconRoot,
  encodeBootstrap,
  encodeCommittee,
  encodeUpdate,
  FinalityRecordType,
  startFinality,
} from '../../adapters/ethereum/consensus/index.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { FakeBeacon, forkingNetwork as network } from '../fixtures/beacon.js';
import { bundlePage } from './bundle.js';

describe('the beacon light client in a page', () => {
  it('needs nothing of Node and gives the same record', async () => {
    const { code, builtins, files } = await bundlePage('lightClientEntry.ts');
    expect(builtins).toEqual([]);
    expect(files.filter((file) => file.startsWith('mainchain/'))).toEqual([]);
    const chain = new FakeBeacon();
    const update = chain.update({ attested: 150, finalized: 140, committee: true, absent: [4, 9] });
    const committee = chain.committee(2);
    const input = [
      network,
      beaconRoot(chain.header(130).beacon),
      encodeBootstrap(network, { fork: 'electra', data: chain.bootstrap(130) }),
      encodeUpdate(network, { kind: 'update', versioned: { fork: 'electra', data: update } }),
      encodeCommittee(network, committee, update.syncAggregate.syncCommitteeBits),
      2_000_000_000,
    ] as const;
    const [, root, bootstrap, ...rest] = input;
    const started = startFinality(network, root, bootstrap);
    const expected = FinalityRecordType.serialize(advanceFinality(network, started, ...rest, blstBls));

    // An engine with what browsers have too, and no Buffer nor process.
    const page = createContext({ TextEncoder, TextDecoder, Uint8Array, input });
    const record: unknown = runInContext(`${code};globalThis.follow(...input)`, page);
    expect(runInContext('typeof Buffer + typeof process', page)).toBe('undefinedundefined');
    expect(new Uint8Array(record as Uint8Array)).toEqual(expected);
  });
});
