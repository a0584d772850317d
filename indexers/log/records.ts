import { ByteListType, ContainerType } from '@chainsafe/ssz';
import { bytesEqual, concatBytes, utf8 } from '../../proofs/bytes.js';
import { type Commitment, CommitmentType } from '../../proofs/containers/commitment.js';
import { type Certificate, CertificateType } from '../../proofs/containers/consensus.js';
import { type MainHeader, MainHeaderType } from '../../proofs/containers/header.js';
import { ListCompositeType } from '../../proofs/containers/lists.js';
import { MAX_CHAIN_NAME } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { append, emptyHistory, historyRoot } from '../../proofs/history/history.js';
import { discardNodes } from '../../proofs/history/nodes.js';
import type { KeyedRecord, RecordCodec } from './streams.js';

/** First byte of a block's record. */
export const BLOCK_RECORD_VERSION = 1;
/** First byte of a record of evidence. */
export const EVIDENCE_RECORD_VERSION = 1;

/** A block of the main chain, as far as an index needs it. */
export interface BlockRecord {
  /** SSZ `MainHeader`. Its root, the block's hash, is the key. */
  readonly header: Uint8Array;
  /** SSZ of the certificate that finalises it by a direct link; empty where only a later block has one. Its signature is for readers to check. */
  readonly certificate: Uint8Array;
  /** All entries under the header's index root, in registration order. */
  readonly commitments: readonly Commitment[];
}

/** More chains than a main chain can have in practice; the bound on what a hostile record makes a reader hash. */
const MAX_COMMITMENTS = 4096;

const BlockRecordType = new ContainerType(
  {
    header: new ByteListType(4096),
    certificate: new ByteListType(65_536),
    commitments: new ListCompositeType(CommitmentType, MAX_COMMITMENTS),
  },
  { typeName: 'BlockRecord', jsonCase: 'eth2' },
);

/** What a source did wrong, as `indexers/follow/evidence.ts` keeps it. */
export interface EvidenceRecord {
  readonly chain: string;
  /** JSON, UTF-8. */
  readonly evidence: Uint8Array;
}

const EvidenceRecordType = new ContainerType(
  { chain: new ByteListType(MAX_CHAIN_NAME), evidence: new ByteListType(65_536) },
  { typeName: 'EvidenceRecord', jsonCase: 'eth2' },
);

/** Value: `version ‖ SSZ`; key: the block's hash. The commitments are those that the header commits to, or it is no such record. */
export const blockCodec: RecordCodec<BlockRecord> = {
  encode: (block) => ({
    key: MainHeaderType.hashTreeRoot(readHeader(block.header)),
    value: concatBytes(
      Uint8Array.of(BLOCK_RECORD_VERSION),
      BlockRecordType.serialize({ ...block, commitments: [...block.commitments] }),
    ),
  }),
  decode(record) {
    const block = decode('block record', BLOCK_RECORD_VERSION, BlockRecordType, record);
    const header = readHeader(block.header);
    if (record.key === undefined || !bytesEqual(record.key, MainHeaderType.hashTreeRoot(header)))
      throw new MalformedInputError('block record', 'has another hash in its key');
    if (!bytesEqual(indexRoot(block.commitments), header.indexRoot))
      throw new MalformedInputError('block record', 'has other commitments than its header says');
    for (const counted of [header, ...block.commitments]) checkCounts(counted);
    checkCertificate(block.certificate, record.key);
    return block;
  },
};

/** That a certificate is one of this very block. Its signature is not looked at. @throws MalformedInputError */
function checkCertificate(bytes: Uint8Array, root: Uint8Array): void {
  if (bytes.length === 0) return;
  let certificate: Certificate;
  try {
    certificate = CertificateType.deserialize(bytes);
  } catch (error) {
    throw new MalformedInputError('block record', 'has no certificate where one should be', error);
  }
  if (!bytesEqual(certificate.vote.source.root, root))
    throw new MalformedInputError('block record', "has another block's certificate");
  const { vote } = certificate;
  for (const counted of [{ term: vote.term }, vote.source, vote.target]) checkCounts(counted);
}

/** That no count was rounded in reading: 64 bits hold more than a `number`, and no index would take it. @throws MalformedInputError */
function checkCounts(value: object): void {
  for (const [name, field] of Object.entries(value))
    if (typeof field === 'number' && !Number.isSafeInteger(field))
      throw new MalformedInputError('block record', `has a ${name} above 2^53`);
}

/** `MainHeader.indexRoot` over commitments: a history with start 0 (docs/proof-format.md). */
function indexRoot(commitments: readonly Commitment[]): Uint8Array {
  const roots = commitments.map((commitment) => CommitmentType.hashTreeRoot(commitment));
  return historyRoot(append(emptyHistory(0), roots, discardNodes));
}

/** Value: `version ‖ SSZ`; key: its SHA-256, so that the same thing told twice is one. */
export const evidenceCodec: RecordCodec<EvidenceRecord> = {
  encode({ chain, evidence }) {
    const ssz = EvidenceRecordType.serialize({ chain: utf8(chain), evidence });
    const value = concatBytes(Uint8Array.of(EVIDENCE_RECORD_VERSION), ssz);
    return { key: sha256(value), value };
  },
  decode(record) {
    const { chain, evidence } = decode(
      'evidence record',
      EVIDENCE_RECORD_VERSION,
      EvidenceRecordType,
      record,
    );
    if (record.key === undefined || !bytesEqual(record.key, sha256(record.value ?? new Uint8Array())))
      throw new MalformedInputError('evidence record', 'has another hash in its key');
    try {
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(evidence));
    } catch (error) {
      throw new MalformedInputError('evidence record', 'is not JSON', error);
    }
    return { chain: new TextDecoder().decode(chain), evidence };
  },
};

/** @throws MalformedInputError */
function readHeader(header: Uint8Array): MainHeader {
  try {
    return MainHeaderType.deserialize(header);
  } catch (error) {
    throw new MalformedInputError('block record', 'has no main-chain header', error);
  }
}

function decode<V>(
  what: string,
  version: number,
  type: { deserialize(bytes: Uint8Array): V },
  { value }: KeyedRecord,
): V {
  if (value?.[0] !== version)
    throw new MalformedInputError(what, `has the unknown version ${value?.[0] ?? 'none'}`);
  try {
    return type.deserialize(value.subarray(1));
  } catch (error) {
    throw new MalformedInputError(what, 'cannot be decoded', error);
  }
}
