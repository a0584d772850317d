import { keccak_256 } from '@noble/hashes/sha3.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import type { ForeignHeader } from '../../types.js';
import { bytesOf, integerOf, listOf } from '../rlp/read.js';
import { decodeRlp, splitRlp } from '../rlp/rlp.js';

/** A decoded execution header, all forks. Fields of later forks are `undefined` in earlier ones. */
export interface EthereumHeader {
  /** How many fields it has: the fork it is of. */
  readonly fields: number;
  readonly parentHash: Uint8Array;
  readonly ommersHash: Uint8Array;
  readonly beneficiary: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  /** 256 bytes */
  readonly logsBloom: Uint8Array;
  readonly difficulty: bigint;
  readonly number: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  readonly timestamp: bigint;
  readonly extraData: Uint8Array;
  /** mixHash; prevRandao since the merge */
  readonly mixHash: Uint8Array;
  readonly nonce: Uint8Array;
  /** London, EIP-1559 */
  readonly baseFeePerGas: bigint | undefined;
  /** Shanghai, EIP-4895 */
  readonly withdrawalsRoot: Uint8Array | undefined;
  /** Cancun, EIP-4844 */
  readonly blobGasUsed: bigint | undefined;
  readonly excessBlobGas: bigint | undefined;
  /** Cancun, EIP-4788 */
  readonly parentBeaconBlockRoot: Uint8Array | undefined;
  /** Prague, EIP-7685 */
  readonly requestsHash: Uint8Array | undefined;
  /** Amsterdam, EIP-7928 */
  readonly blockAccessListHash: Uint8Array | undefined;
  /** Amsterdam, EIP-7843 */
  readonly slotNumber: bigint | undefined;
}

/** Numbers of fields that a header of some fork has: Frontier, London, Shanghai, Cancun, Prague (and Osaka), Amsterdam. */
export const FIELD_COUNTS: readonly number[] = [15, 16, 17, 20, 21, 23];
/** Largest raw header read: 23 fields with 32 bytes of extra data need less than 800; clique chains put signers there. */
export const MAX_HEADER_BYTES = 8192;
/** Shortest raw header: 15 fields, of which hashes, address, bloom and nonce have fixed lengths and all others are empty. */
export const MIN_HEADER_BYTES = 496;

/**
 * Decodes an execution header of any fork through Amsterdam (Yellow Paper section 4.4; EIPs 1559, 4895, 4844, 4788, 7685,
 * 7928, 7843; order of fields: go-ethereum `core/types/block.go`).
 * @throws MalformedInputError, for a number of fields that no known fork has too
 */
export function decodeEthereumHeader(raw: Uint8Array): EthereumHeader {
  if (raw.length > MAX_HEADER_BYTES)
    throw new MalformedInputError(
      'Ethereum header',
      `has ${raw.length} bytes, more than ${MAX_HEADER_BYTES}`,
    );
  const fields = listOf(decodeRlp(raw), 'Ethereum header', 15, 64);
  if (!FIELD_COUNTS.includes(fields.length)) {
    throw new MalformedInputError(
      'Ethereum header',
      `has ${fields.length} fields: of no fork that is known here, which have ${FIELD_COUNTS.join(', ')}`,
    );
  }
  const hash = (i: number, name: string) => bytesOf(fields[i], `header ${name}`, 32);
  const integer = (i: number, name: string, max = 8) => integerOf(fields[i], `header ${name}`, max);
  const has = (i: number) => fields.length > i;
  return {
    fields: fields.length,
    parentHash: hash(0, 'parentHash'),
    ommersHash: hash(1, 'sha3Uncles'),
    beneficiary: bytesOf(fields[2], 'header miner', 20),
    stateRoot: hash(3, 'stateRoot'),
    transactionsRoot: hash(4, 'transactionsRoot'),
    receiptsRoot: hash(5, 'receiptsRoot'),
    logsBloom: bytesOf(fields[6], 'header logsBloom', 256),
    difficulty: integer(7, 'difficulty', 32),
    number: integer(8, 'number'),
    gasLimit: integer(9, 'gasLimit'),
    gasUsed: integer(10, 'gasUsed'),
    timestamp: integer(11, 'timestamp'),
    extraData: bytesOf(fields[12], 'header extraData'),
    mixHash: hash(13, 'mixHash'),
    nonce: bytesOf(fields[14], 'header nonce', 8),
    baseFeePerGas: has(15) ? integer(15, 'baseFeePerGas', 32) : undefined,
    withdrawalsRoot: has(16) ? hash(16, 'withdrawalsRoot') : undefined,
    blobGasUsed: has(17) ? integer(17, 'blobGasUsed') : undefined,
    excessBlobGas: has(18) ? integer(18, 'excessBlobGas') : undefined,
    parentBeaconBlockRoot: has(19) ? hash(19, 'parentBeaconBlockRoot') : undefined,
    requestsHash: has(20) ? hash(20, 'requestsHash') : undefined,
    blockAccessListHash: has(21) ? hash(21, 'blockAccessListHash') : undefined,
    slotNumber: has(22) ? integer(22, 'slotNumber') : undefined,
  };
}

/**
 * Raw headers written one after another.
 * @throws MalformedInputError, for one that is shorter than any header too: millions of them would fit into a call
 */
export function splitEthereumHeaders(bytes: Uint8Array): Uint8Array[] {
  return splitRlp(bytes, MIN_HEADER_BYTES);
}

/** Block hash: Keccak-256 of the raw header. */
export function ethereumBlockHash(raw: Uint8Array): Uint8Array {
  return keccak_256(raw);
}

/** @throws MalformedInputError if it does not decode or is of another height */
export function foreignEthereumHeader(raw: Uint8Array, height: number): ForeignHeader {
  const header = decodeEthereumHeader(raw);
  if (header.number !== BigInt(height)) {
    throw new MalformedInputError('Ethereum header', `is number ${header.number}, expected ${height}`);
  }
  if (header.timestamp > BigInt(Number.MAX_SAFE_INTEGER))
    throw new MalformedInputError('header timestamp', 'is out of range');
  return {
    height,
    hash: ethereumBlockHash(raw),
    parentHash: header.parentHash,
    transactionsRoot: header.transactionsRoot,
    receiptsRoot: header.receiptsRoot,
    stateRoot: header.stateRoot,
    time: Number(header.timestamp),
    raw,
  };
}
