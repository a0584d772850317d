import type { Bls } from '../bls/bls.js';
import { bytesEqual, ZERO32 } from '../bytes.js';
import { ChainStatus, CommitmentType, ReorgType } from '../containers/commitment.js';
import { Assurance, LeafType } from '../containers/leaf.js';
import { type ChainRef, ProofKind } from '../containers/proof.js';
import { type ChainSpec, ChainSpecType, CheckpointType } from '../containers/spec.js';
import { ProofError } from '../errors/proof.js';
import { chainName } from '../format/json.js';
import {
  type AnchoredProof,
  type InclusionProof,
  kindNames,
  type Proof,
  type ReorgProof,
  type UnanchoredProof,
} from '../format/proof.js';
import { type AnchorOptions, pathRoot, verifyAnchor } from './anchor.js';
import { LightClient } from './lightClient.js';
import type { NetworkData, PayloadVerifier } from './payload.js';
import type { Trust } from './trust.js';
import type {
  AnchoredVerdict,
  InclusionVerdict,
  MainVerdict,
  ReorgVerdict,
  UnanchoredVerdict,
  Verdict,
} from './verdict.js';

export interface VerifyOptions extends AnchorOptions {
  readonly networks: NetworkData;
  readonly payloads: readonly PayloadVerifier[];
  readonly bls: Bls;
  /** The main chain's beginning; without it anchored proofs are refused (`no-trust`). */
  readonly trust?: Trust;
  /** Block that the user vouches for, as that chain's users write it: needed for proofs without an anchor. */
  readonly blockHash?: string;
  /** Checks a raw header without context: needed for proofs without an anchor. */
  readonly readHeader?: (chain: string, raw: Uint8Array) => UnanchoredHeader;
}

/** What payloads look at of a block that the user vouches for. */
export interface UnanchoredHeader {
  /** Internal byte order, as all roots here. */
  readonly hash: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  /** Left out, or zero, where the header does not say them. */
  readonly height?: number;
  readonly receiptsRoot?: Uint8Array;
  readonly stateRoot?: Uint8Array;
}

/**
 * Checks a decoded proof offline. Trusts `options.trust` (or `blockHash`), the network data, and that fewer than a
 * third of the delegates are faulty; nothing else.
 * @throws ProofError naming the flaw
 */
export function verifyProof(proof: Proof, options: VerifyOptions): Verdict {
  if (proof.kind === ProofKind.bitcoinInclusion || proof.kind === ProofKind.unanchored)
    return verifyUnanchored(proof, options);
  if (options.trust === undefined) {
    throw new ProofError('no-trust', 'nothing to trust was given: a genesis or a certified header is needed');
  }
  if (!bytesEqual(proof.genesisRoot, options.trust.genesisRoot)) {
    throw new ProofError('wrong-genesis', 'the proof belongs to another main chain than the one trusted');
  }
  if (proof.kind === ProofKind.reorg) return verifyReorg(proof, options.trust, options);
  return verifyAnchored(proof, options.trust, options);
}

function verifyAnchored(proof: AnchoredProof, trust: Trust, options: VerifyOptions): AnchoredVerdict {
  const { chain, leaf: compact, historyPath, commitment, anchor } = proof.leafAnchor;
  const { name, spec, specRoot } = readChain(chain, options.networks);
  const leaf = { specRoot, ...compact };
  const assurance = assuranceName(leaf.assurance);
  if (
    assurance === undefined ||
    !options.networks.assurances(spec.kind, name, spec.checkpoint).includes(leaf.assurance)
  ) {
    throw new ProofError('wrong-assurance', `assurance ${leaf.assurance} is not one that ${name} has`);
  }
  const historyRoot = pathRoot(
    'history-mismatch',
    LeafType.hashTreeRoot(leaf),
    leaf.height - commitment.start,
    commitment.start,
    commitment.size,
    historyPath,
  );
  const commitmentRoot = CommitmentType.hashTreeRoot({ specRoot, ...commitment, historyRoot });
  const client = new LightClient(trust, options.bls);
  const checked = verifyAnchor(anchor, commitmentRoot, client, options);
  refusePaused(commitment.status, name);
  const payload = options.payloads.find((p) => p.kind === proof.kind);
  if (payload === undefined || payload.chainKind !== spec.kind) {
    throw new ProofError(
      'wrong-chain',
      `a proof of kind ${kindNames[proof.kind]} cannot be of chain ${name}`,
    );
  }
  const claim = payload.verify(proof.payload, leaf, name);
  return {
    kind: kindNames[proof.kind],
    chain: name,
    specRoot,
    height: leaf.height,
    blockHash: options.networks.displayHash(spec.kind, leaf.blockHash),
    blockTime: leaf.time,
    assurance,
    depth: commitment.tipHeight - leaf.height,
    epoch: commitment.epoch,
    since: {
      height: chain.checkpoint.height,
      hash: options.networks.displayHash(spec.kind, chain.checkpoint.hash),
      ...(leaf.assurance === Assurance.syncCommittee ? trustedBlock(chain.checkpoint.work) : {}),
    },
    main: mainVerdict(checked, client, trust),
    claims: [claim],
  };
}

function verifyReorg(proof: ReorgProof, trust: Trust, options: VerifyOptions): ReorgVerdict {
  const { chain, index, reorg, reorgPath, commitment, anchor } = proof.reorgAnchor;
  const { name, spec, specRoot } = readChain(chain, options.networks);
  if (!bytesEqual(reorg.specRoot, specRoot))
    throw new ProofError('wrong-spec', 'the reorganisation is of another chain');
  const reorgRoot = pathRoot(
    'reorg-mismatch',
    ReorgType.hashTreeRoot(reorg),
    index,
    0,
    commitment.reorgCount,
    reorgPath,
  );
  const commitmentRoot = CommitmentType.hashTreeRoot({ specRoot, ...commitment, reorgRoot });
  const client = new LightClient(trust, options.bls);
  const checked = verifyAnchor(anchor, commitmentRoot, client, options);
  const tip = (height: number, hash: Uint8Array) => ({
    height,
    hash: options.networks.displayHash(spec.kind, hash),
  });
  return {
    kind: 'reorg',
    chain: name,
    specRoot,
    forkHeight: reorg.forkHeight,
    epoch: reorg.epoch,
    oldTip: tip(reorg.oldTipHeight, reorg.oldTipHash),
    newTip: tip(reorg.newTipHeight, reorg.newTipHash),
    mainHeight: reorg.mainHeight,
    main: mainVerdict(checked, client, trust),
  };
}

function verifyUnanchored(
  proof: InclusionProof | UnanchoredProof,
  options: VerifyOptions,
): InclusionVerdict | UnanchoredVerdict {
  const name = chainName(proof.chain);
  const kind = proof.kind === ProofKind.unanchored ? proof.payloadKind : proof.kind;
  const payload = options.payloads.find((p) => p.kind === kind);
  if (payload === undefined || options.readHeader === undefined) {
    throw new ProofError('malformed', 'proofs without an anchor are not known to this verifier');
  }
  const spec = options.networks.spec(name, CheckpointType.defaultValue());
  if (spec !== undefined && spec.kind !== payload.chainKind) {
    throw new ProofError('wrong-chain', `a proof of kind ${kindNames[kind]} cannot be of chain ${name}`);
  }
  const header = options.readHeader(name, proof.header);
  const blockHash = options.networks.displayHash(payload.chainKind, header.hash);
  if (options.blockHash === undefined) {
    throw new ProofError(
      'unanchored',
      `no main chain vouches for block ${blockHash}: give the hash of the block that you trust`,
    );
  }
  const trusted = options.networks.parseHash(payload.chainKind, options.blockHash);
  if (!bytesEqual(trusted, header.hash)) {
    throw new ProofError('block-mismatch', `the proof is of block ${blockHash}, not of ${options.blockHash}`);
  }
  const { hash, transactionsRoot, height = 0, receiptsRoot = ZERO32, stateRoot = ZERO32 } = header;
  const roots = { transactionsRoot, receiptsRoot, stateRoot };
  const leaf = { ...LeafType.defaultValue(), blockHash: hash, height, ...roots };
  const claims = [payload.verify(proof.payload, leaf, name)];
  return proof.kind === ProofKind.unanchored
    ? { kind: 'unanchored', payloadKind: kindNames[kind], chain: name, blockHash, claims }
    : { kind: 'bitcoin-inclusion', chain: name, blockHash, claims };
}

function readChain(
  chain: ChainRef,
  networks: NetworkData,
): { name: string; spec: ChainSpec; specRoot: Uint8Array } {
  const name = chainName(chain.name);
  const spec = networks.spec(name, chain.checkpoint);
  if (spec === undefined)
    throw new ProofError('unknown-chain', `chain ${name} is not known to this verifier`);
  return { name, spec, specRoot: ChainSpecType.hashTreeRoot(spec) };
}

/** A chain followed by its own committees has no work: its checkpoint has the trusted block's root there. */
function trustedBlock(work: bigint): { readonly trustedBlockRoot: string } {
  return { trustedBlockRoot: `0x${work.toString(16).padStart(64, '0')}` };
}

function assuranceName(code: number): string | undefined {
  const names: Readonly<Record<number, string>> = {
    [Assurance.work]: 'work',
    [Assurance.syncCommittee]: 'sync-committee',
    [Assurance.attested]: 'attested',
    [Assurance.native]: 'native',
  };
  return names[code];
}

function refusePaused(status: number, name: string): void {
  if (status !== ChainStatus.active) {
    throw new ProofError('chain-paused', `${name} is paused on the main chain: its branches are disputed`);
  }
}

function mainVerdict(
  checked: ReturnType<typeof verifyAnchor>,
  client: LightClient,
  trust: Trust,
): MainVerdict {
  return {
    genesisRoot: trust.genesisRoot,
    height: checked.header.height,
    time: client.timeOf(checked.header),
    certifiedHeight: checked.finalized.header.height,
    term: checked.finalized.header.term,
    quorum: checked.finalized.quorum,
  };
}
