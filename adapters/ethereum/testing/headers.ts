import { ZERO32 } from '../../../proofs/bytes.js';
import type { ForeignHeader } from '../../types.js';
import { integerBytes } from '../rlp/read.js';
import { encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { EMPTY_OMMERS_HASH } from '../rules/constants.js';
import { foreignEthereumHeader } from '../rules/header.js';

/** Header fields by name, in their order, each as RLP bytes; those of later forks are left out where `undefined`. */
export interface HeaderParts {
  readonly parentHash: Uint8Array;
  readonly ommersHash: Uint8Array;
  readonly miner: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  readonly logsBloom: Uint8Array;
  readonly difficulty: Uint8Array;
  readonly number: Uint8Array;
  readonly gasLimit: Uint8Array;
  readonly gasUsed: Uint8Array;
  readonly timestamp: Uint8Array;
  readonly extraData: Uint8Array;
  readonly mixHash: Uint8Array;
  readonly nonce: Uint8Array;
  readonly baseFeePerGas?: Uint8Array;
  readonly withdrawalsRoot?: Uint8Array;
  readonly blobGasUsed?: Uint8Array;
  readonly excessBlobGas?: Uint8Array;
  readonly parentBeaconBlockRoot?: Uint8Array;
  readonly requestsHash?: Uint8Array;
}

export const FIELD_NAMES = [
  ...['parentHash', 'ommersHash', 'miner', 'stateRoot', 'transactionsRoot', 'receiptsRoot', 'logsBloom'],
  ...['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'extraData', 'mixHash', 'nonce'],
  ...['baseFeePerGas', 'withdrawalsRoot', 'blobGasUsed', 'excessBlobGas'],
  ...['parentBeaconBlockRoot', 'requestsHash'],
] as readonly (keyof HeaderParts)[];

/** A Prague block after the merge with half its gas used, so that the base fee stays; `fields` cuts it to an earlier fork. */
export function headerParts(changes: Partial<HeaderParts> = {}, fields = FIELD_NAMES.length): HeaderParts {
  const all: HeaderParts = {
    parentHash: ZERO32,
    ommersHash: EMPTY_OMMERS_HASH,
    miner: new Uint8Array(20),
    stateRoot: ZERO32,
    transactionsRoot: ZERO32,
    receiptsRoot: ZERO32,
    logsBloom: new Uint8Array(256),
    difficulty: integerBytes(0),
    number: integerBytes(0),
    gasLimit: integerBytes(30_000_000),
    gasUsed: integerBytes(15_000_000),
    timestamp: integerBytes(0),
    extraData: new Uint8Array(0),
    mixHash: ZERO32,
    nonce: new Uint8Array(8),
    baseFeePerGas: integerBytes(1_000_000_000),
    withdrawalsRoot: ZERO32,
    blobGasUsed: integerBytes(0),
    excessBlobGas: integerBytes(0),
    parentBeaconBlockRoot: ZERO32,
    requestsHash: ZERO32,
  };
  const kept = Object.fromEntries(FIELD_NAMES.slice(0, fields).map((name) => [name, all[name]]));
  return { ...(kept as unknown as HeaderParts), ...changes };
}

export function encodeHeader(parts: HeaderParts, more: readonly RlpItem[] = []): Uint8Array {
  const fields = FIELD_NAMES.map((name) => parts[name]).filter((field) => field !== undefined);
  return encodeRlp([...fields, ...more]);
}

/** A header of this height and time. */
export function sampleHeader(
  height: number,
  time: number,
  changes: Partial<HeaderParts> = {},
  fields?: number,
): ForeignHeader {
  const own = { number: integerBytes(height), timestamp: integerBytes(time) };
  return foreignEthereumHeader(encodeHeader(headerParts({ ...own, ...changes }, fields)), height);
}
