import { bytesEqual, ZERO32 } from '../../../proofs/bytes.js';
import { isEmptyBranch, isValidBranch } from './branch.js';
import { epochAt, forkAt, isFrom } from './forks.js';
import { EXECUTION_PAYLOAD_INDEX } from './gindices.js';
import type { ConsensusNetwork } from './networks.js';
import {
  type BeaconBlockHeader,
  BeaconBlockHeaderType,
  CapellaExecutionHeaderType,
  type ExecutionHeader,
  ExecutionHeaderType,
  type LightClientHeader,
} from './types.js';

const EMPTY_BEACON = BeaconBlockHeaderType.serialize(BeaconBlockHeaderType.defaultValue());
const EMPTY_EXECUTION = ExecutionHeaderType.serialize(ExecutionHeaderType.defaultValue());

/** Root of a beacon block, by its header. */
export function beaconRoot(header: BeaconBlockHeader): Uint8Array {
  return BeaconBlockHeaderType.hashTreeRoot(header);
}

/** Whether nothing is in it: `LightClientHeader()` of the specification. */
export function isEmptyHeader(header: LightClientHeader): boolean {
  return bytesEqual(BeaconBlockHeaderType.serialize(header.beacon), EMPTY_BEACON) && hasNoExecution(header);
}

function hasNoExecution(header: LightClientHeader): boolean {
  return (
    isEmptyBranch(header.executionBranch) &&
    bytesEqual(ExecutionHeaderType.serialize(header.execution), EMPTY_EXECUTION)
  );
}

/** `get_lc_execution_root`: root of the execution payload header in the form of the block's own fork; zero before Capella. */
export function executionRoot(network: ConsensusNetwork, header: LightClientHeader): Uint8Array {
  const fork = forkAt(network, header.beacon.slot)?.fork;
  if (fork === undefined || !isFrom(fork, 'capella')) return ZERO32;
  return isFrom(fork, 'deneb')
    ? ExecutionHeaderType.hashTreeRoot(header.execution)
    : CapellaExecutionHeaderType.hashTreeRoot(header.execution);
}

/** `is_valid_light_client_header`: the execution payload header is the one in the block's body. */
export function isValidHeader(network: ConsensusNetwork, header: LightClientHeader): boolean {
  const fork = forkAt(network, header.beacon.slot)?.fork;
  if (fork === undefined || !isFrom(fork, 'deneb')) {
    const { blobGasUsed, excessBlobGas } = header.execution;
    if (blobGasUsed !== 0 || excessBlobGas !== 0) return false;
  }
  if (fork === undefined || !isFrom(fork, 'capella')) return hasNoExecution(header);
  return isValidBranch(
    executionRoot(network, header),
    header.executionBranch,
    EXECUTION_PAYLOAD_INDEX,
    header.beacon.bodyRoot,
  );
}

/** The execution payload header of a valid header; `undefined` for blocks from before Capella, which prove none. */
export function executionOf(
  network: ConsensusNetwork,
  header: LightClientHeader,
): ExecutionHeader | undefined {
  const fork = forkAt(network, header.beacon.slot)?.fork;
  return fork !== undefined && isFrom(fork, 'capella') ? header.execution : undefined;
}

/** Whether the network has a fork at `slot` that this program knows. */
export function isSupported(network: ConsensusNetwork, slot: number): boolean {
  const { unsupportedFrom = Number.POSITIVE_INFINITY } = network;
  return forkAt(network, slot) !== undefined && epochAt(network, slot) < unsupportedFrom;
}
