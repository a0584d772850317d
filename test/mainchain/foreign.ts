import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { encodeHeader, foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { describeBits, meetsTarget } from '../../adapters/bitcoin/rules/target.js';
import { HeaderRuleError, HeaderTooEarlyError } from '../../adapters/errors.js';
import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import { governanceSequence } from '../../mainchain/contracts/chains.js';
import { bytesEqual, concatBytes, toBareHex, utf8, ZERO32 } from '../../proofs/bytes.js';
import {
  type Attest,
  AttestType,
  CommitAttestedType,
  type GovernanceAction,
  GovernanceActionType,
  GovernanceKind,
  GovernedCallType,
  type Policy,
  RegistrationType,
  SubmitHeadersType,
} from '../../proofs/containers/calls.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { type ChainSpec, ChainSpecType } from '../../proofs/containers/spec.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import type { World } from './world.js';

/** bitcoin-regtest with a window small enough to fall out of. */
export const SMALL_WINDOW = 20;
export const smallBitcoin: ChainKind = {
  ...bitcoinKind,
  networks: [{ ...bitcoinNetwork('bitcoin-regtest'), window: SMALL_WINDOW }],
};

const BITS = 0x207fffff;

/** Mines `count` regtest headers on top of `parent`; `tag` makes branches differ. */
export function mine(parent: ForeignHeader, count: number, tag = 0): ForeignHeader[] {
  const target = describeBits(BITS)!.bytes;
  const out: ForeignHeader[] = [];
  let at = parent;
  while (out.length < count) {
    const merkleRoot = sha256(Uint8Array.of(tag, out.length & 255, out.length >> 8, at.height & 255));
    for (let nonce = 0; ; nonce++) {
      const raw = encodeHeader({
        version: 0x20000000,
        parentHash: at.hash,
        merkleRoot,
        time: at.time + 600,
        bits: BITS,
        nonce,
      });
      const header = foreignHeader(raw, at.height + 1);
      if (!meetsTarget(header.hash, target)) continue;
      out.push(header);
      at = header;
      break;
    }
  }
  return out;
}

export const regtestGenesis: ForeignHeader = foreignHeader(
  bitcoinNetwork('bitcoin-regtest').genesisHeader,
  0,
);

export function regtestSpec(): ChainSpec {
  const network = bitcoinNetwork('bitcoin-regtest');
  return {
    kind: bitcoinKind.code,
    name: utf8(network.name),
    parameters: network.parameters,
    genesisHash: network.genesisHash,
    checkpoint: {
      height: 0,
      hash: regtestGenesis.hash,
      work: bitcoinKind.work(regtestGenesis),
      periodStartTime: regtestGenesis.time,
      periodStartBits: BITS,
    },
  };
}

/** An attested chain made for tests: height, parent, time and a tag, 49 bytes. */
export const TOY_WINDOW = 8;
export const toyKind: ChainKind = {
  code: 200,
  name: 'toy',
  rulesVersion: 3,
  networks: [
    {
      name: 'toy-local',
      parameters: Uint8Array.of(1, 2),
      genesisHash: ZERO32,
      genesisHeader: undefined,
      window: TOY_WINDOW,
      assurance: Assurance.attested,
    },
  ],
  split(bytes) {
    if (bytes.length % 49 !== 0) throw new MalformedInputError('toy headers', 'leave bytes over');
    return Array.from({ length: bytes.length / 49 }, (_, i) => bytes.slice(i * 49, i * 49 + 49));
  },
  decode(raw, height) {
    if (raw.length !== 49) throw new MalformedInputError('toy header', 'is not 49 bytes');
    const view = new DataView(raw.buffer, raw.byteOffset);
    if (view.getUint32(0) !== height) throw new MalformedInputError('toy header', 'has another height');
    return {
      height,
      hash: sha256(raw),
      parentHash: raw.slice(8, 40),
      transactionsRoot: sha256(utf8('t')),
      receiptsRoot: sha256(utf8('r')),
      stateRoot: sha256(utf8('s')),
      time: Number(view.getBigUint64(40)),
      raw,
    };
  },
  work: () => 0n,
  validate(_network, header, ancestors, now) {
    const parent = ancestors.header(header.height - 1);
    const fail = (rule: string) => new HeaderRuleError(rule, header.height, toBareHex(header.hash), 'toy');
    if (parent === undefined || !bytesEqual(parent.hash, header.parentHash)) throw fail('bad-prevblk');
    if (header.time <= parent.time) throw fail('time-too-old');
    if (header.time > now)
      throw new HeaderTooEarlyError('time-too-new', header.height, toBareHex(header.hash), 'toy');
  },
  displayHash: toBareHex,
  parseHash: utf8,
};

export function toyHeader(height: number, parentHash: Uint8Array, time: number, tag = 0): ForeignHeader {
  const raw = new Uint8Array(49);
  const view = new DataView(raw.buffer);
  view.setUint32(0, height);
  raw.set(parentHash, 8);
  view.setBigUint64(40, BigInt(time));
  raw[48] = tag;
  return toyKind.decode(raw, height);
}

export function toyRun(parent: ForeignHeader, count: number, tag = 0): ForeignHeader[] {
  const out: ForeignHeader[] = [];
  let at = parent;
  for (let i = 0; i < count; i++) {
    at = toyHeader(at.height + 1, at.hash, at.time + 12, tag);
    out.push(at);
  }
  return out;
}

export const toyCheckpoint = toyHeader(100, ZERO32, 1_600_000_000);

export function toySpec(): ChainSpec {
  return {
    kind: toyKind.code,
    name: utf8('toy-local'),
    parameters: Uint8Array.of(1, 2),
    genesisHash: ZERO32,
    checkpoint: { height: 100, hash: toyCheckpoint.hash, work: 0n, periodStartTime: 0, periodStartBits: 0 },
  };
}

export const specRootOf = (spec: ChainSpec): Uint8Array => ChainSpecType.hashTreeRoot(spec);

export function governCall(world: World, action: Partial<GovernanceAction>, positions = [0, 1, 2]): Call {
  const full: GovernanceAction = {
    sequence: governanceSequence(world.chain.stateAt(world.chain.head.root)),
    kind: GovernanceKind.pause,
    specRoot: ZERO32,
    payload: new Uint8Array(0),
    ...action,
  };
  const message = signingRoot(GovernanceActionType, full, 'governance', world.chain.genesisRoot);
  return {
    method: Method.govern,
    payload: GovernedCallType.serialize({ action: full, ...world.sign(message, positions) }),
  };
}

export function registerCall(
  world: World,
  spec: ChainSpec,
  policy: Policy,
  checkpointHeader: Uint8Array,
  positions = [0, 1, 2],
): Call {
  const payload = RegistrationType.serialize({ spec, policy, checkpointHeader });
  return governCall(world, { kind: GovernanceKind.register, specRoot: specRootOf(spec), payload }, positions);
}

export function submitCall(
  specRoot: Uint8Array,
  forkHeight: number,
  headers: readonly ForeignHeader[],
): Call {
  const bytes = concatBytes(...headers.map((h) => h.raw));
  return {
    method: Method.submitHeaders,
    payload: SubmitHeadersType.serialize({ specRoot, forkHeight, headers: bytes }),
  };
}

export function attestCall(
  world: World,
  headers: readonly ForeignHeader[],
  attest: Partial<Attest> = {},
  positions = [0, 1, 2],
): Call {
  const bytes = concatBytes(...headers.map((h) => h.raw));
  const full: Attest = {
    specRoot: specRootOf(toySpec()),
    epoch: 0,
    seq: 1,
    from: headers[0]?.height ?? 0,
    to: headers.at(-1)?.height ?? 0,
    digest: sha256(bytes),
    ...attest,
  };
  const message = signingRoot(AttestType, full, 'attestation', world.chain.genesisRoot);
  return {
    method: Method.commitAttested,
    payload: CommitAttestedType.serialize({
      attest: full,
      headers: bytes,
      ...world.sign(message, positions),
    }),
  };
}
