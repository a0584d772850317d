import type { Type } from '@chainsafe/ssz';
import { utf8 } from '../bytes.js';
import { Bytes32 } from '../containers/primitives.js';
import {
  AnchoredProofType,
  AnchorType,
  ChainRefType,
  CompactLeafType,
  HashPathType,
  LeafAnchorType,
  LeafCommitmentType,
  PROOF_VERSION,
  ProofKind,
  type ProofKindCode,
  ReorgAnchorType,
} from '../containers/proof.js';
import { MalformedInputError } from '../errors/input.js';
import { ProofError } from '../errors/proof.js';
import type { Json, NetworkData, PayloadVerifier } from '../verify/payload.js';
import { fromJsonValue, malformed, objectOf, stringOf, toJsonValue } from './jsonValue.js';
import { minify } from './minify.js';
import {
  type AnchoredProof,
  type InclusionProof,
  isAnchoredKind,
  kindNames,
  PROOF_FORMAT,
  type Proof,
  type ReorgProof,
  type UnanchoredProof,
} from './proof.js';

/** What the JSON form needs to know of foreign chains: how their users write hashes, and each payload's form. */
export interface FormatContext {
  readonly networks: NetworkData;
  readonly payloads: readonly PayloadVerifier[];
  /** Code of the kind that a chain name belongs to, or `undefined` for an unknown chain. */
  chainKind(name: string): number | undefined;
}

/** Fields, by place in the JSON, that hold a hash of the foreign chain: written as that chain's users do. */
const foreignHashes = new Set([
  'chain.checkpoint.hash',
  'leaf.blockHash',
  'leaf.transactionsRoot',
  'commitment.tipHash',
  'reorg.oldTipHash',
  'reorg.newTipHash',
]);

/** The objects that they are in: nothing else is walked, however deeply a file nests. */
const foreignParents = new Set(
  [...foreignHashes].flatMap((path) => {
    const parts = path.split('.');
    return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
  }),
);

type Direction = (hash: Json, kind: number) => Json;

/** Applies `change` to every foreign hash in `json`; unknown shapes are left for the schema to refuse. */
function mapHashes(json: Json, kind: number, change: Direction, path = ''): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      const here = path === '' ? key : `${path}.${key}`;
      if (foreignHashes.has(here)) return [key, change(value, kind)];
      return [key, foreignParents.has(here) ? mapHashes(value, kind, change, here) : value];
    }),
  );
}

const display =
  (context: FormatContext): Direction =>
  (hash, kind) =>
    context.networks.displayHash(kind, Bytes32.deserialize(hexBytes(hash)));

const parse =
  (context: FormatContext): Direction =>
  (hash, kind) => {
    try {
      return toJsonValue(Bytes32, context.networks.parseHash(kind, stringOf(hash, 'a block hash')));
    } catch (error) {
      if (error instanceof MalformedInputError) throw new ProofError('malformed', error.message, error);
      throw error;
    }
  };

function hexBytes(json: Json): Uint8Array {
  return fromJsonValue(Bytes32, json, 'hash') as Uint8Array;
}

/** The JSON object of a proof. @throws ProofError `unknown-chain` */
export function proofToJson(proof: Proof, context: FormatContext): Json {
  const head = { format: PROOF_FORMAT, version: PROOF_VERSION, kind: kindNames[proof.kind] };
  if (proof.kind === ProofKind.bitcoinInclusion) {
    return {
      ...head,
      chain: chainName(proof.chain),
      header: toJsonValue(headerBytes, proof.header),
      payload: payloadOf(proof.kind, context).toJson(proof.payload),
    };
  }
  if (proof.kind === ProofKind.unanchored) {
    return {
      ...head,
      chain: chainName(proof.chain),
      header: toJsonValue(headerBytes, proof.header),
      payloadKind: kindNames[proof.payloadKind],
      payload: payloadOf(proof.payloadKind, context).toJson(proof.payload),
    };
  }
  if (proof.kind === ProofKind.reorg) {
    const body = reorgToJson(proof);
    const kind = kindOf(chainName(proof.reorgAnchor.chain.name), context);
    return {
      ...head,
      genesisRoot: toJsonValue(Bytes32, proof.genesisRoot),
      ...(mapHashes(body, kind, display(context)) as object),
    };
  }
  const { chain, leaf, historyPath, commitment, anchor } = proof.leafAnchor;
  const kind = kindOf(chainName(chain.name), context);
  const body = {
    chain: chainToJson(chain),
    leaf: toJsonValue(CompactLeafType, leaf),
    historyPath: toJsonValue(HashPathType, historyPath),
    commitment: toJsonValue(LeafCommitmentType, commitment),
    anchor: toJsonValue(AnchorType, anchor),
  };
  return {
    ...head,
    genesisRoot: toJsonValue(Bytes32, proof.genesisRoot),
    ...(mapHashes(body, kind, display(context)) as object),
    payload: payloadOf(proof.kind, context).toJson(proof.payload),
  };
}

/** JSON text of a proof: two spaces of indentation and a final line feed. */
export function encodeJson(proof: Proof, context: FormatContext): string {
  return `${JSON.stringify(proofToJson(proof, context), undefined, 2)}\n`;
}

/**
 * Reads the JSON form. White space between tokens is free; everything else has one valid spelling, the order of
 * members included.
 * @throws ProofError `malformed`, `unsupported-version`, `unknown-chain`, `non-canonical`
 */
export function decodeJson(text: string, context: FormatContext): Proof {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    throw new ProofError(
      'malformed',
      `the proof is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
  const proof = proofFromJson(json, context);
  if (JSON.stringify(proofToJson(proof, context)) !== minify(text)) {
    throw new ProofError(
      'non-canonical',
      'the JSON is spelled otherwise than the one valid way (order, repetition or escapes)',
    );
  }
  return proof;
}

function proofFromJson(json: Json, context: FormatContext): Proof {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw malformed('', 'is not an object');
  const record = json as { readonly [key: string]: Json };
  if (record.format !== PROOF_FORMAT) throw malformed('format', `is not "${PROOF_FORMAT}"`);
  if (record.version !== PROOF_VERSION)
    throw new ProofError('unsupported-version', 'the proof version is not known');
  const code = kindCode(record.kind, 'kind');
  if (code === ProofKind.bitcoinInclusion) return inclusionFromJson(record, context);
  if (code === ProofKind.unanchored) return unanchoredFromJson(record, context);
  if (code === ProofKind.reorg) return reorgFromJson(record, context);
  return anchoredFromJson(code, record, context);
}

function kindCode(json: Json | undefined, path: string): ProofKindCode {
  const code = Object.entries(kindNames).find(([, name]) => name === json)?.[0];
  if (code === undefined) throw malformed(path, 'is not known');
  return Number(code) as ProofKindCode;
}

const HEAD = ['format', 'version', 'kind'];

function anchoredFromJson(
  kind: AnchoredProof['kind'],
  record: { readonly [key: string]: Json },
  context: FormatContext,
): AnchoredProof {
  const names = ['chain', 'leaf', 'historyPath', 'commitment', 'anchor'];
  const body = objectOf(record, [...HEAD, 'genesisRoot', ...names, 'payload'], '');
  const chainKind = kindOf(nameIn(body), context);
  const mapped = mapHashes(pick(body, names), chainKind, parse(context)) as { readonly [key: string]: Json };
  const leafAnchor = fromJsonValue(LeafAnchorType, { ...mapped, chain: chainFromJson(mapped.chain) }, '');
  return {
    kind,
    genesisRoot: fromJsonValue(Bytes32, body.genesisRoot, 'genesisRoot') as Uint8Array,
    leafAnchor: leafAnchor as AnchoredProof['leafAnchor'],
    payload: payloadOf(kind, context).fromJson(body.payload ?? ''),
  };
}

const reorgNames = ['chain', 'index', 'reorg', 'reorgPath', 'commitment', 'anchor'];

function reorgToJson(proof: ReorgProof): Json {
  const whole = toJsonValue(ReorgAnchorType, proof.reorgAnchor) as { readonly [key: string]: Json };
  return { ...whole, chain: chainToJson(proof.reorgAnchor.chain) };
}

function reorgFromJson(record: { readonly [key: string]: Json }, context: FormatContext): ReorgProof {
  const body = objectOf(record, [...HEAD, 'genesisRoot', ...reorgNames], '');
  const kind = kindOf(nameIn(body), context);
  const mapped = mapHashes(pick(body, reorgNames), kind, parse(context)) as { readonly [key: string]: Json };
  const reorgAnchor = fromJsonValue(ReorgAnchorType, { ...mapped, chain: chainFromJson(mapped.chain) }, '');
  return {
    kind: ProofKind.reorg,
    genesisRoot: fromJsonValue(Bytes32, body.genesisRoot, 'genesisRoot') as Uint8Array,
    reorgAnchor: reorgAnchor as ReorgProof['reorgAnchor'],
  };
}

const headerBytes = AnchoredProofType.fields.payload as unknown as Type<unknown>;

function inclusionFromJson(record: { readonly [key: string]: Json }, context: FormatContext): InclusionProof {
  const body = objectOf(record, [...HEAD, 'chain', 'header', 'payload'], '');
  const name = stringOf(body.chain, 'chain');
  kindOf(name, context);
  return {
    kind: ProofKind.bitcoinInclusion,
    chain: utf8(name),
    header: fromJsonValue(headerBytes, body.header, 'header') as Uint8Array,
    payload: payloadOf(ProofKind.bitcoinInclusion, context).fromJson(body.payload ?? ''),
  };
}

function unanchoredFromJson(
  record: { readonly [key: string]: Json },
  context: FormatContext,
): UnanchoredProof {
  const body = objectOf(record, [...HEAD, 'chain', 'header', 'payloadKind', 'payload'], '');
  const name = stringOf(body.chain, 'chain');
  kindOf(name, context);
  const payloadKind = kindCode(body.payloadKind, 'payloadKind');
  if (!isAnchoredKind(payloadKind)) throw malformed('payloadKind', 'is not one of an anchored proof');
  return {
    kind: ProofKind.unanchored,
    chain: utf8(name),
    header: fromJsonValue(headerBytes, body.header, 'header') as Uint8Array,
    payloadKind,
    payload: payloadOf(payloadKind, context).fromJson(body.payload ?? ''),
  };
}

function chainToJson(chain: AnchoredProof['leafAnchor']['chain']): Json {
  return {
    name: chainName(chain.name),
    checkpoint: toJsonValue(ChainRefType.fields.checkpoint as Type<unknown>, chain.checkpoint),
  };
}

/** The chain's name as hex again, so that the schema can read the whole. */
function chainFromJson(json: Json | undefined): Json {
  const record = objectOf(json, ['name', 'checkpoint'], 'chain');
  return { ...record, name: toJsonValue(headerBytes, utf8(stringOf(record.name, 'chain.name'))) };
}

function nameIn(body: { readonly [key: string]: Json }): string {
  return stringOf(objectOf(body.chain, ['name', 'checkpoint'], 'chain').name, 'chain.name');
}

function pick(record: { readonly [key: string]: Json }, names: readonly string[]): Json {
  return Object.fromEntries(
    names.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])),
  );
}

/** @throws ProofError `malformed` for anything but printable ASCII */
export function chainName(bytes: Uint8Array): string {
  const name = String.fromCharCode(...bytes);
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) throw malformed('chain.name', 'is not a chain name');
  return name;
}

function kindOf(name: string, context: FormatContext): number {
  const kind = context.chainKind(name);
  if (kind === undefined)
    throw new ProofError('unknown-chain', `chain ${name.slice(0, 64)} is not known to this verifier`);
  return kind;
}

function payloadOf(kind: ProofKindCode, context: FormatContext): PayloadVerifier {
  const payload = context.payloads.find((p) => p.kind === kind);
  if (payload === undefined)
    throw new ProofError('malformed', `proofs of kind ${kindNames[kind]} are not known to this verifier`);
  return payload;
}
