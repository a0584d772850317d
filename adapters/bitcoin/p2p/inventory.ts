import { concatBytes } from '../../../proofs/bytes.js';
import { compactSize, uint32le } from '../proofs/wire.js';
import { readCount, readPayload } from './bytes.js';
import { MAX_INVENTORY, MAX_LOCATOR } from './limits.js';

const WITNESS = 0x40000000;

/** Kinds of thing in `inv`, `getdata` and `notfound` (Bitcoin Core `GetDataMsg`). */
export const InventoryType = {
  transaction: 1,
  block: 2,
  /** A `merkleblock` by the filter that was loaded (BIP37). */
  filteredBlock: 3,
  witnessTransaction: WITNESS | 1,
  /** With witnesses (BIP144). */
  witnessBlock: WITNESS | 2,
} as const;

export interface InventoryEntry {
  readonly type: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
}

export type InventoryCommand = 'inv' | 'getdata' | 'notfound';

export interface InventoryMessage {
  readonly command: InventoryCommand;
  /** At most 50,000. */
  readonly entries: readonly InventoryEntry[];
}

export interface GetHeadersMessage {
  readonly command: 'getheaders';
  /** Of the protocol; nobody reads it. */
  readonly version: number;
  /** Known hashes, newest first, at most 101; none asks for the header of `stop` itself. */
  readonly locator: readonly Uint8Array[];
  /** Last wanted hash, zero for as many as fit. */
  readonly stop: Uint8Array;
}

/** Payload of an `inv`, a `getdata` or a `notfound`. */
export function encodeInventory({ entries }: InventoryMessage): Uint8Array {
  return concatBytes(
    compactSize(entries.length),
    ...entries.flatMap(({ type, hash }) => [uint32le(type), hash]),
  );
}

/** @throws WireError */
export function decodeInventory(command: InventoryCommand, payload: Uint8Array): InventoryMessage {
  return readPayload(command, payload, (reader) => {
    const count = readCount(reader, command, 'entries', MAX_INVENTORY, 36);
    const entries: InventoryEntry[] = [];
    for (let i = 0; i < count; i++) entries.push({ type: reader.uint32(), hash: reader.take(32) });
    return { command, entries };
  });
}

/** Payload of a `getheaders`. */
export function encodeGetHeaders({ version, locator, stop }: GetHeadersMessage): Uint8Array {
  return concatBytes(uint32le(version), compactSize(locator.length), ...locator, stop);
}

/** @throws WireError */
export function decodeGetHeaders(payload: Uint8Array): GetHeadersMessage {
  return readPayload('getheaders', payload, (reader) => {
    const version = reader.uint32();
    const count = readCount(reader, 'getheaders', 'hashes', MAX_LOCATOR, 32);
    const locator: Uint8Array[] = [];
    for (let i = 0; i < count; i++) locator.push(reader.take(32));
    return { command: 'getheaders', version, locator, stop: reader.take(32) };
  });
}
