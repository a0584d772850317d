import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '../../../proofs/bytes.js';
import { type Payload, PayloadType } from '../containers/payload.js';
import type { ExecutionEngine } from '../engine.js';

/** An execution chain in memory whose hashes bind number, parent and branch: fast, and reorganised at will. */
export class MemoryEngine implements ExecutionEngine {
  readonly blocks: Payload[] = [];
  /** Blocks of another branch have other hashes. */
  branch = 0;

  constructor() {
    this.#add();
  }

  #add(): void {
    const parent = this.blocks.at(-1)?.blockHash ?? new Uint8Array(32);
    const blockNumber = this.blocks.length;
    const seed = concatBytes(parent, Uint8Array.of(this.branch, blockNumber & 255, blockNumber >> 8));
    this.blocks.push({
      ...PayloadType.defaultValue(),
      parentHash: parent,
      blockNumber,
      blockHash: keccak_256(seed),
      timestamp: 1_700_000_000 + blockNumber,
      gasLimit: 30_000_000,
      baseFeePerGas: 7n,
      prevRandao: keccak_256(concatBytes(seed, Uint8Array.of(1))),
      blobGasUsed: 131_072,
      transactions: [Uint8Array.of(2, blockNumber & 255)],
    });
  }

  /** Removes the newest blocks; what is mined next is on another branch. */
  drop(count: number): void {
    this.blocks.splice(this.blocks.length - count);
    this.branch++;
  }

  async hashAt(number: number): Promise<Uint8Array | undefined> {
    return this.blocks[number]?.blockHash;
  }
  async blockAt(number: number): Promise<Payload | undefined> {
    return this.blocks[number];
  }
  async newest(): Promise<number> {
    return this.blocks.length - 1;
  }
  async mine(): Promise<void> {
    this.#add();
  }
  async save(): Promise<void> {}
}
