import { ZERO32 } from '../../../proofs/bytes.js';
import type { BeaconFork } from './forks.js';
import { EXECUTION_PAYLOAD_INDEX, indexDepth, stateIndices } from './gindices.js';
import {
  type ExecutionHeader,
  ExecutionHeaderType,
  type LightClientBootstrap,
  type LightClientData,
  type LightClientFinalityUpdate,
  type LightClientHeader,
  type LightClientKind,
  type LightClientOptimisticUpdate,
  type LightClientUpdate,
} from './types.js';

/** A header as it is in any fork's form. */
interface WireHeader {
  readonly beacon: LightClientHeader['beacon'];
  readonly execution?: Omit<ExecutionHeader, 'blobGasUsed' | 'excessBlobGas'> & Partial<ExecutionHeader>;
  readonly executionBranch?: Uint8Array[];
}

const newest = stateIndices('fulu');

/**
 * Any fork's form in the newest one: `upgrade_lc_*_to_*` of consensus-specs `capella`, `deneb` and
 * `electra/light-client/fork.md` in one step.
 * @param value what the SSZ type of that fork and kind reads
 */
export function fromWire<K extends LightClientKind>(
  fork: BeaconFork,
  kind: K,
  value: unknown,
): LightClientData[K];
export function fromWire(
  _fork: BeaconFork,
  kind: LightClientKind,
  value: unknown,
): LightClientData[LightClientKind] {
  if (kind === 'bootstrap') {
    const bootstrap = value as LightClientBootstrap;
    return {
      ...bootstrap,
      header: upgradeHeader(bootstrap.header),
      currentSyncCommitteeBranch: lengthen(bootstrap.currentSyncCommitteeBranch, newest.currentCommittee),
    };
  }
  const update = value as LightClientOptimisticUpdate;
  const optimistic = { ...update, attestedHeader: upgradeHeader(update.attestedHeader) };
  if (kind === 'optimisticUpdate') return optimistic;
  const { finalizedHeader, finalityBranch } = value as LightClientFinalityUpdate;
  const finality = {
    ...optimistic,
    finalizedHeader: upgradeHeader(finalizedHeader),
    finalityBranch: lengthen(finalityBranch, newest.finalizedRoot),
  };
  if (kind === 'finalityUpdate') return finality;
  const { nextSyncCommittee, nextSyncCommitteeBranch } = value as LightClientUpdate;
  return {
    ...finality,
    nextSyncCommittee,
    nextSyncCommitteeBranch: lengthen(nextSyncCommitteeBranch, newest.nextCommittee),
  };
}

/** The reverse of `fromWire` for data of that fork: its SSZ types leave away the fields that it does not have. */
export function toWire<K extends LightClientKind>(
  fork: BeaconFork,
  kind: K,
  data: LightClientData[K],
): unknown {
  const indices = stateIndices(fork);
  switch (kind) {
    case 'bootstrap': {
      const bootstrap = data as LightClientBootstrap;
      return {
        ...bootstrap,
        currentSyncCommitteeBranch: shorten(bootstrap.currentSyncCommitteeBranch, indices.currentCommittee),
      };
    }
    case 'optimisticUpdate':
      return data;
    case 'finalityUpdate': {
      const update = data as LightClientFinalityUpdate;
      return { ...update, finalityBranch: shorten(update.finalityBranch, indices.finalizedRoot) };
    }
    default: {
      const update = data as LightClientUpdate;
      return {
        ...update,
        finalityBranch: shorten(update.finalityBranch, indices.finalizedRoot),
        nextSyncCommitteeBranch: shorten(update.nextSyncCommitteeBranch, indices.nextCommittee),
      };
    }
  }
}

function upgradeHeader(header: WireHeader): LightClientHeader {
  const { beacon, execution, executionBranch } = header;
  if (execution === undefined || executionBranch === undefined)
    return {
      beacon,
      execution: ExecutionHeaderType.defaultValue(),
      executionBranch: lengthen([], EXECUTION_PAYLOAD_INDEX),
    };
  const { blobGasUsed = 0, excessBlobGas = 0 } = execution;
  return { beacon, execution: { ...execution, blobGasUsed, excessBlobGas }, executionBranch };
}

/** `normalize_merkle_branch`: zero nodes at the beginning, up to the depth of `gindex`. */
function lengthen(branch: Uint8Array[], gindex: number): Uint8Array[] {
  const missing = indexDepth(gindex) - branch.length;
  return missing === 0 ? branch : [...Array<Uint8Array>(missing).fill(ZERO32), ...branch];
}

function shorten(branch: Uint8Array[], gindex: number): Uint8Array[] {
  return branch.slice(branch.length - indexDepth(gindex));
}
