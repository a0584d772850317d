import { PublicKey } from '@chainsafe/blst';
import { committeeRoot, signingKeys } from '../adapters/ethereum/consensus/committee.js';
import {
  advanceFinality,
  beaconRoot,
  decodeSsz,
  encodeBootstrap,
  encodeCommittee,
  encodeSsz,
  encodeUpdate,
  FinalityRecordType,
  fromBeaconJson,
  LightClient,
  startFinality,
  syncSigningRoot,
  toBeaconJson,
} from '../adapters/ethereum/consensus/index.js';
import { checkUpdate } from '../adapters/ethereum/consensus/validate.js';
import { nativeBls } from '../mainchain/crypto/blst.js';
import { type Bls, nobleBls } from '../proofs/bls/bls.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { hasData } from '../test/data/folder.js';
import { sixPeriods } from '../test/support/lightClient.js';
import { processorRate, race, report } from './measure.js';

/** Periods a second from local data on one core, every signature checked, that this is to reach. */
const AIM = 300;
const LATER = 2_000_000_000;
/** How often the six periods of the file are gone over in a round. */
const TIMES = 10;

/** Keeps no key: every key is decompressed and checked each time, as in the first pass over a history. */
const fresh = nativeBls(0);
/** Keeps those that it has seen. */
const keeping = nativeBls(4096);

useFastHasher();
if (hasData) await measure();
else console.log('no real chain data in ../shared/data: nothing to measure');

async function measure(): Promise<void> {
  const file = sixPeriods();
  const { network, bootstrap, updates } = file;
  const root = beaconRoot(bootstrap.data.header.beacon);
  const wire = updates.map((update) => ({ fork: update.fork, bytes: encodeSsz(network, 'update', update) }));
  const follow = () => {
    const client = LightClient.start(network, root, bootstrap.data, fresh);
    for (const { fork, bytes } of wire)
      client.processUpdate(decodeSsz(network, 'update', fork, bytes).data, Number.POSITIVE_INFINITY);
    return client;
  };
  const texts = updates.map((update) => JSON.stringify(toBeaconJson(network, 'update', update)));
  const followJson = () => {
    const client = LightClient.start(network, root, bootstrap.data, fresh);
    for (const text of texts)
      client.processUpdate(
        fromBeaconJson(network, 'update', JSON.parse(text)).data,
        Number.POSITIVE_INFINITY,
      );
  };
  const decompress = (checked: boolean) => {
    for (const { data } of updates)
      for (const key of data.nextSyncCommittee.pubkeys) PublicKey.fromBytes(key, checked);
  };
  const repeat = (run: () => unknown) => () => {
    for (let i = 0; i < TIMES; i++) run();
  };

  // The stateless form: what the main chain runs.
  const startBytes = encodeBootstrap(network, bootstrap);
  const committees = [bootstrap, ...updates].map(({ data }) =>
    'header' in data ? data.currentSyncCommittee : data.nextSyncCommittee,
  );
  const calls = updates.map((versioned, i) => ({
    update: encodeUpdate(network, { kind: 'update', versioned }),
    committee: encodeCommittee(network, committees[i]!, versioned.data.syncAggregate.syncCommitteeBits),
  }));
  const advance = () =>
    calls.reduce(
      (record, { update, committee }) => advanceFinality(network, record, update, committee, LATER, fresh),
      startFinality(network, root, startBytes),
    );

  const signatures = updates.map(({ data }, i) => ({
    committee: committees[i]!,
    bits: data.syncAggregate.syncCommitteeBits,
    message: syncSigningRoot(network, data.attestedHeader.beacon, data.signatureSlot),
    signature: data.syncAggregate.syncCommitteeSignature,
  }));
  const check = (way: 'aggregate' | 'participants', bls: Bls, of = signatures) => {
    for (const { committee, bits, message, signature } of of)
      if (!bls.fastAggregateVerify(signingKeys(committee, bits, way), message, signature))
        throw new Error('a real signature does not hold');
  };
  const absent = signatures.map(({ bits }) => 512 - [...Array(512).keys()].filter((i) => bits.get(i)).length);

  const rates = await race(
    [
      {
        name: 'periods: SSZ, every check, signatures by the aggregate',
        count: 6 * TIMES,
        run: repeat(follow),
      },
      { name: 'the same in the main chain’s stateless form', count: 6 * TIMES, run: repeat(advance) },
      {
        name: 'signature alone, aggregate less the absent',
        count: 6 * TIMES,
        run: repeat(() => check('aggregate', fresh)),
      },
      {
        name: 'signature alone, each of 512 keys, keys known',
        count: 6,
        run: () => check('participants', keeping),
      },
      { name: 'the same, keys not known before', count: 6, run: () => check('participants', fresh) },
      {
        name: 'every check but the signature, root of 512 keys included',
        count: 6 * TIMES,
        run: repeat(() => {
          const known = {
            finalizedSlot: updates[0]!.data.attestedHeader.beacon.slot - 1,
            nextCommitteeRoot: undefined,
          };
          for (let i = 0; i < 6; i++) checkUpdate(network, known, updates[0]!.data, Number.POSITIVE_INFINITY);
        }),
      },
      {
        name: 'periods: the same from Beacon API JSON',
        count: 6 * TIMES,
        run: repeat(() => followJson()),
      },
      {
        name: 'committees of 512: keys decompressed alone',
        count: 6,
        run: () => decompress(false),
      },
      {
        name: 'committees of 512: keys decompressed, subgroup checked',
        count: 6,
        run: () => decompress(true),
      },
      {
        name: 'root of a committee of 512',
        count: 6 * TIMES,
        run: repeat(() => committees.slice(1).forEach(committeeRoot)),
      },
      {
        name: 'signature by the pure BLS, aggregate less the absent',
        count: 1,
        run: () => check('aggregate', nobleBls, signatures.slice(0, 1)),
      },
    ],
    5,
  );
  report(`Light client: six mainnet periods, one core (absent: ${absent.join(', ')})`, rates);
  const bytes = (list: readonly Uint8Array[]) => list.map(({ length }) => length).join(', ');
  console.log(`  a record in the main chain's state                 ${FinalityRecordType.fixedSize} bytes`);
  console.log(`  a bootstrap transaction's data                     ${startBytes.length} bytes`);
  console.log(
    `  updates                                            ${bytes(calls.map(({ update }) => update))} bytes`,
  );
  console.log(
    `  their committees                                   ${bytes(calls.map(({ committee }) => committee))} bytes`,
  );
  const perSecond = await processorRate({ name: 'periods', count: 6 * TIMES, run: repeat(follow) });
  console.log(`  periods a second of processor time                 ${perSecond.toFixed(0)}`);
  if (!(perSecond >= AIM)) {
    console.error(`${perSecond.toFixed(0)} periods a second of processor time, fewer than ${AIM}`);
    process.exitCode = 1;
  }
}
