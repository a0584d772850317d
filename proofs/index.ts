/**
 * The pure core: containers, histories, proof format, verifier, light client. Runs in Node and browsers.
 * @module
 */
export { type Bls, nobleBls } from './bls/bls.js';
export { fromHex, type Hex, toHex } from './bytes.js';
export { type Commitment, CommitmentType, type Reorg, ReorgType } from './containers/commitment.js';
export {
  type Certificate,
  CertificateType,
  type DelegateSet,
  DelegateSetType,
  quorum,
} from './containers/consensus.js';
export { type Genesis, GenesisType } from './containers/genesis.js';
export { type MainHeader, MainHeaderType } from './containers/header.js';
export { Assurance, type Leaf, LeafType } from './containers/leaf.js';
export { ProofKind } from './containers/proof.js';
export { type ChainSpec, ChainSpecType, type Checkpoint, CheckpointType } from './containers/spec.js';
export { CrossrootError, isRetryable } from './errors/base.js';
export { LimitExceededError, MalformedInputError } from './errors/input.js';
export { type Flaw, ProofError } from './errors/proof.js';
export { decodeProof, encodeProof, type ProofFormat } from './format/file.js';
export type { FormatContext } from './format/json.js';
export type {
  AnchoredKind,
  AnchoredProof,
  InclusionProof,
  Proof,
  ReorgProof,
  UnanchoredProof,
} from './format/proof.js';
export { decodeTrust, encodeTrust, type TrustFile } from './format/trust.js';
export { useFastHasher } from './hash/fast.js';
export { type Hasher, setHasher } from './hash/hasher.js';
export { append, emptyHistory, type History, historyRoot, truncate } from './history/history.js';
export { consistencyPath, multiPath, rootFromMultiPath, rootsFromConsistency } from './history/multi.js';
export { MemoryNodes, type NodeReader, type NodeWriter } from './history/nodes.js';
export { leafPath, rootFromPath } from './history/path.js';
export { LightClient } from './verify/lightClient.js';
export type { NetworkData, PayloadClaim, PayloadVerifier } from './verify/payload.js';
export { type Trust, trustFromGenesis, trustFromHeader } from './verify/trust.js';
export {
  type AnchoredVerdict,
  type InclusionVerdict,
  type ReorgVerdict,
  supersedes,
  type UnanchoredVerdict,
  type Verdict,
} from './verify/verdict.js';
export { type UnanchoredHeader, type VerifyOptions, verifyProof } from './verify/verify.js';
