import { ContainerType, type Type, type ValueOf, VectorCompositeType } from '@chainsafe/ssz';
import { Count64, Uint256 } from '../../../proofs/containers/primitives.js';
import { type BeaconFork, isFrom } from './forks.js';
import { EXECUTION_PAYLOAD_INDEX, indexDepth, stateIndices } from './gindices.js';
import {
  HexBitVectorType,
  HexBytes20,
  HexBytes32,
  HexBytes48,
  HexBytes96,
  HexBytes256,
  HexList32,
} from './hexTypes.js';

/** consensus-specs `phase0/beacon-chain.md`. */
export const BeaconBlockHeaderType = new ContainerType(
  {
    slot: Count64,
    proposerIndex: Count64,
    parentRoot: HexBytes32,
    stateRoot: HexBytes32,
    bodyRoot: HexBytes32,
  },
  { typeName: 'BeaconBlockHeader', jsonCase: 'eth2' },
);

const capellaExecutionFields = {
  parentHash: HexBytes32,
  feeRecipient: HexBytes20,
  stateRoot: HexBytes32,
  receiptsRoot: HexBytes32,
  logsBloom: HexBytes256,
  prevRandao: HexBytes32,
  blockNumber: Count64,
  gasLimit: Count64,
  gasUsed: Count64,
  timestamp: Count64,
  extraData: HexList32,
  baseFeePerGas: Uint256,
  blockHash: HexBytes32,
  transactionsRoot: HexBytes32,
  withdrawalsRoot: HexBytes32,
};

/** consensus-specs `capella/beacon-chain.md`. */
export const CapellaExecutionHeaderType = new ContainerType(capellaExecutionFields, {
  typeName: 'CapellaExecutionPayloadHeader',
  jsonCase: 'eth2',
});

/** consensus-specs `deneb/beacon-chain.md`; the same in Electra and Fulu. */
export const ExecutionHeaderType = new ContainerType(
  { ...capellaExecutionFields, blobGasUsed: Count64, excessBlobGas: Count64 },
  { typeName: 'ExecutionPayloadHeader', jsonCase: 'eth2' },
);

export type BeaconBlockHeader = ValueOf<typeof BeaconBlockHeaderType>;
export type ExecutionHeader = ValueOf<typeof ExecutionHeaderType>;

/** A committee as the beacon state holds it. */
export interface SyncCommittee {
  /** One compressed key a seat; a validator may hold several seats. */
  readonly pubkeys: Uint8Array[];
  /** Sum of them all. */
  readonly aggregatePubkey: Uint8Array;
}

/** One bit a seat. */
export interface ParticipationBits {
  readonly bitLen: number;
  readonly uint8Array: Uint8Array;
  get(index: number): boolean;
}

export interface SyncAggregate {
  readonly syncCommitteeBits: ParticipationBits;
  readonly syncCommitteeSignature: Uint8Array;
}

/**
 * A header of the newest fork's form. What an older form does not have is empty, as the specification's upgrade functions
 * make it (`*_/light-client/fork.md`).
 */
export interface LightClientHeader {
  readonly beacon: BeaconBlockHeader;
  readonly execution: ExecutionHeader;
  readonly executionBranch: Uint8Array[];
}

export interface LightClientBootstrap {
  readonly header: LightClientHeader;
  readonly currentSyncCommittee: SyncCommittee;
  readonly currentSyncCommitteeBranch: Uint8Array[];
}

export interface LightClientOptimisticUpdate {
  readonly attestedHeader: LightClientHeader;
  readonly syncAggregate: SyncAggregate;
  readonly signatureSlot: number;
}

export interface LightClientFinalityUpdate extends LightClientOptimisticUpdate {
  readonly finalizedHeader: LightClientHeader;
  readonly finalityBranch: Uint8Array[];
}

export interface LightClientUpdate extends LightClientFinalityUpdate {
  readonly nextSyncCommittee: SyncCommittee;
  readonly nextSyncCommitteeBranch: Uint8Array[];
}

/** What light-client data there is, by kind. */
export interface LightClientData {
  readonly bootstrap: LightClientBootstrap;
  readonly update: LightClientUpdate;
  readonly finalityUpdate: LightClientFinalityUpdate;
  readonly optimisticUpdate: LightClientOptimisticUpdate;
}

export type LightClientKind = keyof LightClientData;

/** SSZ types of one fork's form; they read and write exactly the fields of that form. */
export type WireTypes = { readonly [K in LightClientKind]: Type<unknown> & { readonly maxSize: number } };

function branchType(gindex: number) {
  return new VectorCompositeType(HexBytes32, indexDepth(gindex));
}

/** SSZ of a whole committee. */
export function syncCommitteeType(size: number) {
  return new ContainerType(
    { pubkeys: new VectorCompositeType(HexBytes48, size), aggregatePubkey: HexBytes48 },
    { typeName: 'SyncCommittee', jsonCase: 'eth2' },
  );
}

/** A light-client header in a fork's form. */
export function headerType(fork: BeaconFork) {
  if (!isFrom(fork, 'capella'))
    return new ContainerType(
      { beacon: BeaconBlockHeaderType },
      { typeName: 'LightClientHeader', jsonCase: 'eth2' },
    );
  return new ContainerType(
    {
      beacon: BeaconBlockHeaderType,
      execution: isFrom(fork, 'deneb') ? ExecutionHeaderType : CapellaExecutionHeaderType,
      executionBranch: branchType(EXECUTION_PAYLOAD_INDEX),
    },
    { typeName: 'LightClientHeader', jsonCase: 'eth2' },
  );
}

function build(size: number, fork: BeaconFork): WireTypes {
  const indices = stateIndices(fork);
  const header = headerType(fork);
  const committee = syncCommitteeType(size);
  const aggregate = new ContainerType(
    { syncCommitteeBits: new HexBitVectorType(size), syncCommitteeSignature: HexBytes96 },
    { typeName: 'SyncAggregate', jsonCase: 'eth2' },
  );
  const signed = { syncAggregate: aggregate, signatureSlot: Count64 };
  const finality = { finalizedHeader: header, finalityBranch: branchType(indices.finalizedRoot) };
  const options = (typeName: string) => ({ typeName, jsonCase: 'eth2' as const });
  return {
    bootstrap: new ContainerType(
      {
        header,
        currentSyncCommittee: committee,
        currentSyncCommitteeBranch: branchType(indices.currentCommittee),
      },
      options('LightClientBootstrap'),
    ),
    update: new ContainerType(
      {
        attestedHeader: header,
        nextSyncCommittee: committee,
        nextSyncCommitteeBranch: branchType(indices.nextCommittee),
        ...finality,
        ...signed,
      },
      options('LightClientUpdate'),
    ),
    finalityUpdate: new ContainerType(
      { attestedHeader: header, ...finality, ...signed },
      options('LightClientFinalityUpdate'),
    ),
    optimisticUpdate: new ContainerType(
      { attestedHeader: header, ...signed },
      options('LightClientOptimisticUpdate'),
    ),
  };
}

const built = new Map<string, WireTypes>();

/** SSZ types of a fork's form for committees of `size` seats. */
export function wireTypes(size: number, fork: BeaconFork): WireTypes {
  const key = `${fork}/${size}`;
  const known = built.get(key);
  if (known !== undefined) return known;
  const made = build(size, fork);
  built.set(key, made);
  return made;
}
