import {
  beaconRoot,
  encodeBootstrap,
  encodeCommittee,
  encodeUpdate,
  encodeWholeCommittee,
  periodAt,
} from '../../adapters/ethereum/consensus/index.js';
import { ethereumKind } from '../../adapters/ethereum/kind.js';
import { trustedBlockCheckpoint } from '../../adapters/ethereum/trustedBlock.js';
import { specFor } from '../../adapters/registry.js';
import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import { concatBytes, ZERO32 } from '../../proofs/bytes.js';
import {
  LightClientStep,
  SubmitFinalizedType,
  SubmitLightClientType,
} from '../../proofs/containers/calls.js';
import type { ChainSpec } from '../../proofs/containers/spec.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { specRootOf } from '../mainchain/foreign.js';
import type { LightClientFile } from './lightClient.js';

/** Hash, parent's hash, height and 536 bytes more: as many as a real header of that time has. */
const RAW = 608;

/**
 * Ethereum whose headers are stand-ins that name their own hash: real light-client data names the hashes of final blocks, but the
 * headers between them are not in it. Finality is the real kind's, every signature included.
 */
export const standInEthereum: ChainKind = {
  ...ethereumKind,
  split(bytes) {
    if (bytes.length % RAW !== 0) throw new MalformedInputError('stand-in headers', 'leave bytes over');
    return Array.from({ length: bytes.length / RAW }, (_, i) => bytes.slice(i * RAW, i * RAW + RAW));
  },
  decode: (raw, height) => readStandIn(raw, height),
  validate: () => undefined,
};

function readStandIn(raw: Uint8Array, height: number): ForeignHeader {
  if (raw.length !== RAW) throw new MalformedInputError('stand-in header', 'has another length');
  const own = Number(new DataView(raw.buffer, raw.byteOffset).getBigUint64(64));
  if (own !== height) throw new MalformedInputError('stand-in header', 'has another height');
  return {
    height,
    hash: raw.slice(0, 32),
    parentHash: raw.slice(32, 64),
    transactionsRoot: ZERO32,
    receiptsRoot: ZERO32,
    stateRoot: ZERO32,
    time: 1_600_000_000 + 12 * (height % 2 ** 30),
    raw,
  };
}

/** A light-client file as transactions for the main chain. */
export class CommitteeReplay {
  readonly spec: ChainSpec;
  readonly specRoot: Uint8Array;
  readonly #hashes = new Map<number, Uint8Array>();

  constructor(readonly file: LightClientFile) {
    const { network, bootstrap, updates, finalityUpdates } = file;
    const { header } = bootstrap.data;
    for (const { execution } of [
      header,
      ...[...updates, ...finalityUpdates].map(({ data }) => data.finalizedHeader),
    ])
      this.#hashes.set(execution.blockNumber, execution.blockHash);
    const { blockNumber, blockHash } = header.execution;
    const checkpoint = trustedBlockCheckpoint(beaconRoot(header.beacon), blockNumber, blockHash);
    this.spec = specFor(network.name, checkpoint);
    this.specRoot = specRootOf(this.spec);
  }

  header(height: number): ForeignHeader {
    const raw = new Uint8Array(RAW);
    raw.set(this.#hash(height), 0);
    raw.set(this.#hash(height - 1), 32);
    new DataView(raw.buffer).setBigUint64(64, BigInt(height));
    return readStandIn(raw, height);
  }

  bootstrap(): Call {
    const data = encodeBootstrap(this.file.network, this.file.bootstrap);
    return this.#lightClient(LightClientStep.bootstrap, data, new Uint8Array(0));
  }

  /** The update number `i` of the file, signed by whom the bootstrap or the one before brought. */
  update(i: number, whole = false): Call {
    const { network, bootstrap, updates } = this.file;
    const versioned = updates[i]!;
    const signers = i === 0 ? bootstrap.data.currentSyncCommittee : updates[i - 1]!.data.nextSyncCommittee;
    const committee = whole
      ? encodeWholeCommittee(network, signers)
      : encodeCommittee(network, signers, versioned.data.syncAggregate.syncCommitteeBits);
    return this.#lightClient(
      LightClientStep.update,
      encodeUpdate(network, { kind: 'update', versioned }),
      committee,
    );
  }

  /** The file's finality update number `i`; `undefined` if its signers are not known. */
  finalityUpdate(i: number): Call | undefined {
    const { network, updates, finalityUpdates } = this.file;
    const versioned = finalityUpdates[i]!;
    const period = periodAt(network, versioned.data.signatureSlot);
    const before = updates.find(
      ({ data }) => periodAt(network, data.attestedHeader.beacon.slot) + 1 === period,
    );
    if (before === undefined) return undefined;
    const { syncCommitteeBits } = versioned.data.syncAggregate;
    return this.#lightClient(
      LightClientStep.update,
      encodeUpdate(network, { kind: 'finalityUpdate', versioned }),
      encodeCommittee(network, before.data.nextSyncCommittee, syncCommitteeBits),
    );
  }

  /** Headers from `from` to `to`, both included; empty for one that only appends leaves. */
  finalized(from: number, to: number): Call {
    const headers: Uint8Array[] = [];
    for (let height = from; height <= to; height++) headers.push(this.header(height).raw);
    return {
      method: Method.submitFinalized,
      payload: SubmitFinalizedType.serialize({
        specRoot: this.specRoot,
        from: headers.length === 0 ? 0 : from,
        headers: concatBytes(...headers),
      }),
    };
  }

  #lightClient(step: number, data: Uint8Array, committee: Uint8Array): Call {
    const { specRoot } = this;
    return {
      method: Method.submitLightClient,
      payload: SubmitLightClientType.serialize({ specRoot, step, data, committee }),
    };
  }

  #hash(height: number): Uint8Array {
    const known = this.#hashes.get(height);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(height));
    return sha256(bytes);
  }
}
