import {
  beaconRoot,
  encodeBootstrap,
  encodeCommittee,
  encodeUpdate,
  encodeWholeCommittee,
  forkAt,
  type LightClientUpdate,
  periodAt,
} from '../../adapters/ethereum/consensus/index.js';
import { ethereumKind } from '../../adapters/ethereum/kind.js';
import { trustedBlockCheckpoint } from '../../adapters/ethereum/trustedBlock.js';
import { specFor } from '../../adapters/registry.js';
import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import { concatBytes, ZERO32 } from '../../proofs/bytes.js';
import {
  LightClientStep,
  type Policy,
  PolicyKind,
  type SubmitFinalized,
  SubmitFinalizedType,
  type SubmitLightClient,
  SubmitLightClientType,
} from '../../proofs/containers/calls.js';
import type { ChainSpec } from '../../proofs/containers/spec.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';
import { FakeBeacon, type UpdateParts } from '../fixtures/beacon.js';
import { type HeaderParts, sampleHeader } from '../fixtures/ethereum/headers.js';
import { LOCAL } from '../support/beacon.js';
import { registerCall, specRootOf } from './foreign.js';
import { GENESIS_TIME, type World } from './world.js';

export const COMMITTEE_CHAIN = 'ethereum-local';
/** Headers of the branch that a small kind keeps. */
export const COMMITTEE_WINDOW = 16;
/** ethereum-local with a window small enough to fall out of. */
export const smallEthereum: ChainKind = {
  ...ethereumKind,
  networks: ethereumKind.networks
    .filter(({ name }) => name === COMMITTEE_CHAIN)
    .map((network) => ({ ...network, window: COMMITTEE_WINDOW })),
};

/** How an update goes to the main chain; by default as an honest relay sends it. */
export interface UpdateOptions {
  readonly kind?: 'update' | 'finalityUpdate';
  readonly whole?: boolean;
  /** Whose keys come with it. */
  readonly period?: number;
}

/** An execution chain with one block a slot, real headers, and the beacon chain that makes it final, with real keys. */
export class CommitteeForeign {
  readonly beacon: FakeBeacon;
  readonly spec: ChainSpec;
  readonly specRoot: Uint8Array;
  readonly #headers: ForeignHeader[] = [];
  readonly #root: Uint8Array;

  /**
   * @param start slot of the trusted block
   * @param tag makes chains differ
   * @param shared heights up to which the chain is that of `of`
   */
  constructor(
    readonly start = 3,
    readonly tag = 0,
    readonly fork?: { readonly of: CommitteeForeign; readonly shared: number },
  ) {
    this.beacon = new FakeBeacon(LOCAL, (slot) => {
      const { height, hash } = this.header(slot);
      return { blockNumber: height, blockHash: hash };
    });
    const { hash } = this.header(start);
    this.#root = beaconRoot(this.beacon.header(start).beacon);
    this.spec = specFor(COMMITTEE_CHAIN, trustedBlockCheckpoint(this.#root, start, hash));
    this.specRoot = specRootOf(this.spec);
  }

  header(height: number): ForeignHeader {
    if (this.fork !== undefined && height <= this.fork.shared) return this.fork.of.header(height);
    for (let at = this.#headers.length; at <= height; at++) {
      const parent = at === 0 ? ZERO32 : this.header(at - 1).hash;
      this.#headers.push(this.make(at, { parentHash: parent }));
    }
    return this.#headers[height]!;
  }

  /** A header that is not necessarily of the chain. */
  make(height: number, changes: Partial<HeaderParts>, time = 1_600_000_000 + 12 * height): ForeignHeader {
    return sampleHeader(height, time, { extraData: Uint8Array.of(this.tag), ...changes });
  }

  /** Headers from `from` to `to`, both included. */
  run(from: number, to: number): ForeignHeader[] {
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => this.header(from + i));
  }

  register(world: World, policy: Policy = { kind: PolicyKind.finalized, value: 0 }): Call {
    return registerCall(world, this.spec, policy, this.header(this.start).raw);
  }

  bootstrapData(slot = this.start): Uint8Array {
    const { fork } = forkAt(LOCAL, slot)!;
    return encodeBootstrap(LOCAL, { fork, data: this.beacon.bootstrap(slot) });
  }

  bootstrap(slot = this.start): Call {
    return this.lightClientCall({ step: LightClientStep.bootstrap, data: this.bootstrapData(slot) });
  }

  /** An update and who signed it, encoded. */
  encoded(
    from: UpdateParts | LightClientUpdate,
    { kind = 'update', whole = false, period }: UpdateOptions = {},
  ): { readonly data: Uint8Array; readonly committee: Uint8Array } {
    const data = 'attested' in from ? this.beacon.update(from) : from;
    const { fork } = forkAt(LOCAL, data.attestedHeader.beacon.slot)!;
    const signers = this.beacon.committee(period ?? periodAt(LOCAL, data.signatureSlot));
    return {
      data: encodeUpdate(LOCAL, { kind, versioned: { fork, data } } as Parameters<typeof encodeUpdate>[1]),
      committee: whole
        ? encodeWholeCommittee(LOCAL, signers)
        : encodeCommittee(LOCAL, signers, data.syncAggregate.syncCommitteeBits),
    };
  }

  update(from: UpdateParts | LightClientUpdate, options: UpdateOptions = {}): Call {
    return this.lightClientCall({ step: LightClientStep.update, ...this.encoded(from, options) });
  }

  lightClientCall(call: Partial<SubmitLightClient>): Call {
    const none = new Uint8Array(0);
    const full = {
      specRoot: this.specRoot,
      step: LightClientStep.update,
      data: none,
      committee: none,
      ...call,
    };
    return { method: Method.submitLightClient, payload: SubmitLightClientType.serialize(full) };
  }

  finalized(headers: readonly ForeignHeader[], call: Partial<SubmitFinalized> = {}): Call {
    const full = {
      specRoot: this.specRoot,
      from: headers[0]?.height ?? 0,
      headers: concatBytes(...headers.map(({ raw }) => raw)),
      ...call,
    };
    return { method: Method.submitFinalized, payload: SubmitFinalizedType.serialize(full) };
  }
}

/** Its blocks are as young as the main chain's. */
export class YoungForeign extends CommitteeForeign {
  override make(height: number, changes: Partial<HeaderParts>): ForeignHeader {
    return super.make(height, changes, Math.floor(GENESIS_TIME / 1000) + 12 * height);
  }
}
