import type { SourceTip } from '../../adapters/source.js';
import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import { fromHex, toBareHex, utf8, ZERO32 } from '../../proofs/bytes.js';
import type { Policy, Registration } from '../../proofs/containers/calls.js';
import { Assurance, type AssuranceCode } from '../../proofs/containers/leaf.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import type { LocalChain, LocalHealth } from '../../relay/ports.js';

const RAW = 44;

/** A header of a made-up chain: parent ‖ height ‖ salt, work 1 each. */
export function makeHeader(parent: Uint8Array, height: number, salt: number): ForeignHeader {
  const raw = new Uint8Array(RAW);
  raw.set(parent, 0);
  const view = new DataView(raw.buffer);
  view.setUint32(32, height);
  view.setFloat64(36, salt);
  return readHeader(raw);
}

export function readHeader(raw: Uint8Array): ForeignHeader {
  if (raw.length !== RAW) throw new MalformedInputError('header', 'has the wrong length');
  const height = new DataView(raw.buffer, raw.byteOffset).getUint32(32);
  const hash = sha256(raw);
  return {
    height,
    hash,
    parentHash: raw.slice(0, 32),
    transactionsRoot: sha256(hash),
    receiptsRoot: ZERO32,
    stateRoot: ZERO32,
    time: 1_700_000_000 + height,
    raw,
  };
}

export function splitHeaders(bytes: Uint8Array): ForeignHeader[] {
  const out: ForeignHeader[] = [];
  for (let at = 0; at < bytes.length; at += RAW) out.push(readHeader(bytes.slice(at, at + RAW)));
  return out;
}

export function fakeKind(names: Readonly<Record<string, AssuranceCode>>): ChainKind {
  return {
    code: 1,
    name: 'made-up',
    rulesVersion: 1,
    networks: Object.entries(names).map(([name, assurance]) => ({
      name,
      parameters: new Uint8Array(0),
      genesisHash: ZERO32,
      genesisHeader: undefined,
      window: 4032,
      assurance,
    })),
    split: (bytes) => splitHeaders(bytes).map((header) => header.raw),
    decode: (raw) => readHeader(raw),
    work: () => 1n,
    validate: () => undefined,
    displayHash: (hash) => toBareHex(Uint8Array.from(hash).reverse()),
    parseHash: (text) => fromHex(text, 'hash', 32).reverse(),
  };
}

export const GENESIS = makeHeader(ZERO32, 100, 0);

/** A local best branch that a test extends and reorganises at will. */
export class FakeLocal implements LocalChain {
  readonly #listeners = new Set<() => void>();
  readonly #known = new Map<string, ForeignHeader>();
  branch: ForeignHeader[] = [GENESIS];
  final: SourceTip | undefined;
  safeBlock: SourceTip | undefined;
  state: LocalHealth = { source: 'test source', healthy: true };
  #salt = 0;

  constructor(readonly chain: string) {
    this.#known.set(toBareHex(GENESIS.hash), GENESIS);
  }

  /** Drops `depth` headers and adds `count` new ones. */
  grow(count: number, depth = 0): void {
    this.branch.length = Math.max(1, this.branch.length - depth);
    for (let i = 0; i < count; i++) {
      const parent = this.branch.at(-1) ?? GENESIS;
      const header = makeHeader(parent.hash, parent.height + 1, ++this.#salt);
      this.#known.set(toBareHex(header.hash), header);
      this.branch.push(header);
    }
    for (const listener of this.#listeners) listener();
  }

  finalizeAt(height: number): void {
    const header = this.header(height);
    this.final = header && { height, hash: header.hash };
    for (const listener of this.#listeners) listener();
  }

  safeAt(height: number): void {
    const header = this.header(height);
    this.safeBlock = header && { height, hash: header.hash };
    for (const listener of this.#listeners) listener();
  }

  tip(): SourceTip {
    return this.branch.at(-1) ?? GENESIS;
  }
  finalized(): SourceTip | undefined {
    return this.final;
  }
  safe(): SourceTip | undefined {
    return this.safeBlock;
  }
  header(height: number): ForeignHeader | undefined {
    return this.branch[height - GENESIS.height];
  }
  find(hash: Uint8Array): ForeignHeader | undefined {
    return this.#known.get(toBareHex(hash));
  }
  work(height: number): bigint | undefined {
    return this.header(height) && BigInt(height - GENESIS.height + 1);
  }
  health(): LocalHealth {
    return this.state;
  }
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export function registrationOf(name: string, policy: Policy): Registration {
  return {
    spec: {
      kind: 1,
      name: utf8(name),
      parameters: new Uint8Array(0),
      genesisHash: ZERO32,
      checkpoint: {
        height: GENESIS.height,
        hash: GENESIS.hash,
        work: 1n,
        periodStartTime: 0,
        periodStartBits: 0,
      },
    },
    policy,
    checkpointHeader: GENESIS.raw,
  };
}

export { Assurance };
