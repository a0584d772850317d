/**
 * The minimal preset (consensus-specs `presets/minimal`, phase0 through fulu): short epochs and periods, small
 * committees. Only what containers and transition need.
 */
export const SLOTS_PER_EPOCH = 8;
export const EPOCHS_PER_SYNC_COMMITTEE_PERIOD = 8;
export const SYNC_COMMITTEE_SIZE = 32;
export const SLOTS_PER_HISTORICAL_ROOT = 64;
export const EPOCHS_PER_HISTORICAL_VECTOR = 64;
export const EPOCHS_PER_SLASHINGS_VECTOR = 64;
export const EPOCHS_PER_ETH1_VOTING_PERIOD = 4;
export const MIN_SEED_LOOKAHEAD = 1;
export const SHUFFLE_ROUND_COUNT = 10;
export const MAX_COMMITTEES_PER_SLOT = 4;
export const MAX_VALIDATORS_PER_COMMITTEE = 2048;
export const HISTORICAL_ROOTS_LIMIT = 2 ** 24;
export const VALIDATOR_REGISTRY_LIMIT = 2 ** 40;
export const JUSTIFICATION_BITS_LENGTH = 4;
/** Gwei. */
export const MAX_EFFECTIVE_BALANCE = 32_000_000_000;

export const MAX_PROPOSER_SLASHINGS = 16;
export const MAX_ATTESTER_SLASHINGS = 2;
export const MAX_ATTESTATIONS = 128;
export const MAX_DEPOSITS = 16;
export const MAX_VOLUNTARY_EXITS = 16;
export const DEPOSIT_CONTRACT_TREE_DEPTH = 32;

export const MAX_BYTES_PER_TRANSACTION = 2 ** 30;
export const MAX_TRANSACTIONS_PER_PAYLOAD = 2 ** 20;
export const BYTES_PER_LOGS_BLOOM = 256;
export const MAX_EXTRA_DATA_BYTES = 32;

export const MAX_BLS_TO_EXECUTION_CHANGES = 16;
export const MAX_WITHDRAWALS_PER_PAYLOAD = 4;
export const MAX_VALIDATORS_PER_WITHDRAWALS_SWEEP = 16;

export const MAX_BLOB_COMMITMENTS_PER_BLOCK = 4096;
/** `config.yaml`: MAX_BLOBS_PER_BLOCK_ELECTRA; part of Fulu's fork digests (EIP-7892). */
export const MAX_BLOBS_PER_BLOCK_ELECTRA = 9;

export const MAX_ATTESTER_SLASHINGS_ELECTRA = 1;
export const MAX_ATTESTATIONS_ELECTRA = 8;
export const MAX_DEPOSIT_REQUESTS_PER_PAYLOAD = 8192;
export const MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD = 16;
export const MAX_CONSOLIDATION_REQUESTS_PER_PAYLOAD = 2;
export const PENDING_DEPOSITS_LIMIT = 2 ** 27;
export const PENDING_PARTIAL_WITHDRAWALS_LIMIT = 64;
export const PENDING_CONSOLIDATIONS_LIMIT = 64;

/** Epoch of what will never happen: 2^64 - 1, which SSZ reads and writes as infinity here. */
export const FAR_FUTURE_EPOCH = Number.POSITIVE_INFINITY;
export const UNSET_DEPOSIT_REQUESTS_START_INDEX = 2n ** 64n - 1n;

export function epochOf(slot: number): number {
  return Math.floor(slot / SLOTS_PER_EPOCH);
}

export function startSlotOf(epoch: number): number {
  return epoch * SLOTS_PER_EPOCH;
}

/** Sync committee period of a slot. */
export function periodOf(slot: number): number {
  return Math.floor(epochOf(slot) / EPOCHS_PER_SYNC_COMMITTEE_PERIOD);
}
