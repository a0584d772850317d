import {
  advanceFinality,
  beaconRoot,
  type ConsensusNetwork,
  encodeBootstrap,
  encodeCommittee,
  encodeUpdate,
  encodeWholeCommittee,
  type FinalityRecord,
  LightClientRuleError,
  startFinality,
} from '../../adapters/ethereum/consensus/index.js';
import { FinalityRecordType } from '../../adapters/ethereum/consensus/record.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import { sixPeriods } from './lightClient.js';

const LATER = 2_000_000_000;

/** Bytes and what is done with them; `run` throws where they are refused. */
export interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly run: (bytes: Uint8Array) => Uint8Array;
  /** Bits of which no signature or root speaks: changed ones may be taken, to the very same result. */
  readonly free: { readonly from: number; readonly to: number };
}

/** Everything that a delegate is handed to follow one real period of mainnet. */
export function mainnetSubjects(): Subject[] {
  const { network, bootstrap, updates, finalityUpdates } = sixPeriods();
  const root = beaconRoot(bootstrap.data.header.beacon);
  const startBytes = encodeBootstrap(network, bootstrap);
  const start = startFinality(network, root, startBytes);
  const [first, second] = updates;
  const committee = bootstrap.data.currentSyncCommittee;
  const firstBytes = encodeUpdate(network, { kind: 'update', versioned: first! });
  const firstBits = first!.data.syncAggregate.syncCommitteeBits;
  const firstWitness = encodeCommittee(network, committee, firstBits);
  const taught = advanceFinality(network, start, firstBytes, firstWitness, LATER, blstBls);
  const secondBytes = encodeUpdate(network, { kind: 'update', versioned: second! });
  const secondSigners = first!.data.nextSyncCommittee;
  const secondBits = second!.data.syncAggregate.syncCommitteeBits;
  const secondWitness = encodeCommittee(network, secondSigners, secondBits);
  const rest = updates.slice(1).reduce((record, versioned, i) => {
    const { syncCommitteeBits } = versioned.data.syncAggregate;
    const signers = encodeCommittee(network, updates[i]!.data.nextSyncCommittee, syncCommitteeBits);
    const bytes = encodeUpdate(network, { kind: 'update', versioned });
    return advanceFinality(network, record, bytes, signers, LATER, blstBls);
  }, taught);
  const last = finalityUpdates[0]!;
  const lastSigners = updates.at(-2)!.data.nextSyncCommittee;
  const lastWitness = encodeCommittee(network, lastSigners, last.data.syncAggregate.syncCommitteeBits);
  const lastBytes = encodeUpdate(network, { kind: 'finalityUpdate', versioned: last });
  const none = { from: 0, to: 0 };
  const advance = (record: FinalityRecord, update: Uint8Array, witness: Uint8Array) =>
    FinalityRecordType.serialize(advanceFinality(network, record, update, witness, LATER, blstBls));
  return [
    {
      name: 'bootstrap',
      bytes: startBytes,
      run: (bytes) => FinalityRecordType.serialize(startFinality(network, root, bytes)),
      free: none,
    },
    {
      name: 'update that proves the next committee',
      bytes: firstBytes,
      run: (bytes) => advance(start, bytes, firstWitness),
      free: signatureSlotBits(network, 'update'),
    },
    {
      name: 'update into the next period',
      bytes: secondBytes,
      run: (bytes) => advance(taught, bytes, secondWitness),
      free: signatureSlotBits(network, 'update'),
    },
    {
      name: 'finality update',
      bytes: lastBytes,
      run: (bytes) => advance(rest, bytes, lastWitness),
      free: signatureSlotBits(network, 'finalityUpdate'),
    },
    {
      name: 'absentees of a committee',
      bytes: secondWitness,
      run: (bytes) => advance(taught, secondBytes, bytes),
      free: none,
    },
    {
      name: 'whole committee',
      bytes: encodeWholeCommittee(network, secondSigners),
      run: (bytes) => advance(taught, secondBytes, bytes),
      free: none,
    },
  ];
}

/** The signature slot ends the fixed part of an update. */
function signatureSlotBits(network: ConsensusNetwork, kind: 'update' | 'finalityUpdate') {
  const { syncCommitteeSize: seats } = network;
  const committee = kind === 'update' ? 48 * (seats + 1) + 32 * 5 : 0;
  const end = 2 + 4 + committee + 4 + 32 * 6 + seats / 8 + 96 + 8;
  return { from: 8 * (end - 8), to: 8 * end };
}

/**
 * Flips one bit and demands a refusal by name.
 * @returns that name
 */
export function flip(subject: Subject, bit: number, good: Uint8Array): string {
  const bytes = subject.bytes.slice();
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  let result: Uint8Array;
  try {
    result = subject.run(bytes);
  } catch (error) {
    if (error instanceof LightClientRuleError) return error.rule;
    if (error instanceof MalformedInputError || error instanceof LimitExceededError) return error.name;
    throw error;
  }
  if (bit >= subject.free.from && bit < subject.free.to && bytesEqual(result, good)) return 'same';
  throw new Error(`${subject.name}: bit ${bit} flipped, and it was taken`);
}

/** Flips each bit of a subject. @returns how many were refused by which name */
export function flipAll(subject: Subject): Map<string, number> {
  const good = subject.run(subject.bytes);
  const names = new Map<string, number>();
  for (let bit = 0; bit < 8 * subject.bytes.length; bit++) {
    const name = flip(subject, bit, good);
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  return names;
}
