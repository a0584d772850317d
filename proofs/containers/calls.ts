import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { MAX_DELEGATES } from './consensus.js';
import { BitListType, ByteListType } from './lists.js';
import {
  Account,
  BlsPublicKey,
  BlsSignature,
  Bytes32,
  Count64,
  Uint8,
  Uint32,
  Uint64,
} from './primitives.js';
import { ChainSpecType } from './spec.js';
import { MAX_CALL_BYTES } from './transaction.js';

/** A timing strategy as data. `value`: confirmations, or minutes; zero for `finalized`, `realtime` and `safe`. */
export const PolicyKind = { confirmations: 1, age: 2, finalized: 3, realtime: 4, safe: 5 } as const;
export const PolicyType = new ContainerType(
  { kind: Uint8, value: Uint32 },
  { typeName: 'Policy', jsonCase: 'eth2' },
);
export type Policy = ValueOf<typeof PolicyType>;

export const TransferType = new ContainerType(
  { to: Account, amount: Uint64 },
  { typeName: 'Transfer', jsonCase: 'eth2' },
);
export type Transfer = ValueOf<typeof TransferType>;

/** A delegate's BLS key for the next term, with its proof of possession. */
export const RotateKeyType = new ContainerType(
  { blsKey: BlsPublicKey, proofOfPossession: BlsSignature },
  { typeName: 'RotateKey', jsonCase: 'eth2' },
);
export type RotateKey = ValueOf<typeof RotateKeyType>;

export const GovernanceKind = { register: 1, pause: 2, resume: 3, setPolicy: 4 } as const;

/** What delegates approve by quorum. `sequence` counts the applied actions, so that none applies twice. */
export const GovernanceActionType = new ContainerType(
  {
    sequence: Count64,
    kind: Uint8,
    specRoot: Bytes32,
    /** register: `RegistrationType`; setPolicy: `PolicyType`; pause, resume: empty. */
    payload: new ByteListType(65536),
  },
  { typeName: 'GovernanceAction', jsonCase: 'eth2' },
);
export type GovernanceAction = ValueOf<typeof GovernanceActionType>;

export const RegistrationType = new ContainerType(
  {
    spec: ChainSpecType,
    policy: PolicyType,
    /** The raw header of the checkpoint block: the history's first leaf. */
    checkpointHeader: new ByteListType(8192),
  },
  { typeName: 'Registration', jsonCase: 'eth2' },
);
export type Registration = ValueOf<typeof RegistrationType>;

/** A governance action with a quorum's aggregated signature (domain `governance`) of the current set. */
export const GovernedCallType = new ContainerType(
  { action: GovernanceActionType, bits: new BitListType(MAX_DELEGATES), signature: BlsSignature },
  { typeName: 'GovernedCall', jsonCase: 'eth2' },
);
export type GovernedCall = ValueOf<typeof GovernedCallType>;

/** Headers of a `work` chain above `forkHeight`. Empty headers only advance the history by the timing policy. */
export const SubmitHeadersType = new ContainerType(
  { specRoot: Bytes32, forkHeight: Count64, headers: new ByteListType(MAX_CALL_BYTES - 1024) },
  { typeName: 'SubmitHeaders', jsonCase: 'eth2' },
);
export type SubmitHeaders = ValueOf<typeof SubmitHeadersType>;

/** What a delegate signs (domain `attestation`) after comparing with its own source. */
export const AttestType = new ContainerType(
  {
    specRoot: Bytes32,
    /** Epoch that the range belongs to: the current one, or the next if `from` is not above the history's tip. */
    epoch: Count64,
    /** Strictly above the last committed one. A delegate signs at most one digest a seq. */
    seq: Count64,
    /** First and last height, inclusive. */
    from: Count64,
    to: Count64,
    /** SHA-256 of the raw headers, one after another. */
    digest: Bytes32,
  },
  { typeName: 'Attest', jsonCase: 'eth2' },
);
export type Attest = ValueOf<typeof AttestType>;

export const CommitAttestedType = new ContainerType(
  {
    attest: AttestType,
    headers: new ByteListType(MAX_CALL_BYTES - 2048),
    bits: new BitListType(MAX_DELEGATES),
    signature: BlsSignature,
  },
  { typeName: 'CommitAttested', jsonCase: 'eth2' },
);
export type CommitAttested = ValueOf<typeof CommitAttestedType>;

/** What `SubmitLightClient` brings: the bootstrap, once and first; then updates. */
export const LightClientStep = { bootstrap: 0, update: 1 } as const;

/** Finality that a chain's own committee signed, for a chain that is followed by its committees. */
export const SubmitLightClientType = new ContainerType(
  {
    specRoot: Bytes32,
    step: Uint8,
    /** As the kind encodes it: of Ethereum `encodeBootstrap`, `encodeUpdate`. */
    data: new ByteListType(65536),
    /** Of Ethereum `encodeCommittee`; empty with a bootstrap. */
    committee: new ByteListType(32768),
  },
  { typeName: 'SubmitLightClient', jsonCase: 'eth2' },
);
export type SubmitLightClient = ValueOf<typeof SubmitLightClientType>;

/**
 * Headers of a chain that is followed by its committees, ascending: the last is the one that the main chain waits for next, on its
 * way down from a final block to the newest known one. Empty headers only advance the history by the timing policy.
 */
export const SubmitFinalizedType = new ContainerType(
  {
    specRoot: Bytes32,
    /** Height of the first header; zero without headers. */
    from: Count64,
    headers: new ByteListType(MAX_CALL_BYTES - 1024),
  },
  { typeName: 'SubmitFinalized', jsonCase: 'eth2' },
);
export type SubmitFinalized = ValueOf<typeof SubmitFinalizedType>;
