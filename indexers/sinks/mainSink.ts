import { bytesEqual, toHex } from '../../proofs/bytes.js';
import { type Certificate, CertificateType } from '../../proofs/containers/consensus.js';
import type { BlockRecord } from '../log/records.js';
import { Pace } from '../store/contents/pace.js';
import type {
  IndexedCertificate,
  IndexedCommitment,
  MainBlockContents,
  SetWriter,
} from '../store/indexStore.js';
import { type CertificateVerdict, CertificateVerifier, type MainTrust } from './certificates.js';
import { MainConflictError, WrongCertificateError } from './errors.js';
import { type MainBlock, type MainTip, mainBlock, mainStep } from './mainChain.js';
import type { SetEffect } from './streamSink.js';

/** Name of the position in the stream of main-chain blocks. */
export const MAIN_STREAM = 'main';

export interface MainSinkOptions {
  /** Of the main chain, where it is known. */
  readonly genesisRoot?: Uint8Array | undefined;
  /** Name of the chain of a spec root, where it is known; its hex otherwise. */
  readonly chainOf: (specRoot: Uint8Array) => string | undefined;
  /** From where certificates are checked; without it none is, and none counts as verified. */
  readonly trust?: MainTrust | undefined;
  /** Told of each certificate. */
  readonly onCertificate?: (verdict: CertificateVerdict['type']) => void;
  /** Told of what was set aside. */
  readonly onConflict?: (error: MainConflictError | WrongCertificateError) => void;
}

/**
 * Main-chain blocks into the index, by the rule of `mainStep`. What was published twice changes nothing; another block at a height
 * that has one, and what does not fit, is set aside. So is a copy of a block whose certificate does not hold: the block is
 * indexed without the certificate, and is certified by the next one above it that holds.
 */
export function mainEffect(options: MainSinkOptions): SetEffect<BlockRecord> {
  const { genesisRoot, trust, onCertificate, onConflict } = options;
  const verifier = trust && new CertificateVerifier(trust);
  return async (writer, values, step) => {
    let tip = await newest(writer);
    await verifier?.resume(writer, tip?.hash);
    const rows: MainBlockContents[] = [];
    const taken = new Map<number, Uint8Array>();
    const seen: CertificateVerdict['type'][] = [];
    // A signature takes milliseconds, and a step may have hundreds.
    const pace = new Pace();
    for (const [i, record] of values.entries()) {
      if (pace.isDue()) await pace.rest();
      const block = mainBlock(record);
      const means = mainStep(tip, block, genesisRoot);
      if (means.type === 'next') {
        const certificate = certificateOf(record);
        const verdict: CertificateVerdict | undefined =
          verifier === undefined
            ? certificate && { type: 'unverified', reason: 'no genesis is known' }
            : await verifier.check(block.header, certificate);
        rows.push(
          contentsOf(block, options, verdict?.type === 'wrong' ? undefined : certificate, verdict?.type),
        );
        tip = block;
        if (verdict !== undefined) seen.push(verdict.type);
        if (verdict?.type === 'wrong') {
          const error = new WrongCertificateError(block.height, verdict.reason);
          step.refuse(i, `${error.message}; the block is indexed without it`);
          onConflict?.(error);
        }
        continue;
      }
      const reason = means.type === 'refused' ? means.reason : await conflict(writer, rows, taken, block);
      if (reason === undefined) continue;
      step.refuse(i, reason);
      onConflict?.(new MainConflictError(block.height, reason));
    }
    if (rows.length > 0) await writer.writeMainBlocks(rows);
    for (const verdict of seen) onCertificate?.(verdict);
  };
}

async function newest(writer: SetWriter): Promise<MainTip | undefined> {
  const found = await writer.mainRoot();
  return found && { height: found.height, hash: found.root };
}

/** Heights above a block that is looked up which are looked up with it. */
const LOOK_AHEAD = 1000;

/** Why a block at or below the tip is not the one that was taken there; `undefined` if it is. */
async function conflict(
  writer: SetWriter,
  rows: readonly MainBlockContents[],
  taken: Map<number, Uint8Array>,
  { height, hash }: MainBlock,
): Promise<string | undefined> {
  const fresh = rows.find(({ block }) => block.height === height)?.block.root;
  // Where a stream is read again, all of it comes by: many at once.
  if (fresh === undefined && !taken.has(height))
    for (const [at, root] of await writer.mainRoots({ from: height, to: height + LOOK_AHEAD }))
      taken.set(at, root);
  const root = fresh ?? taken.get(height);
  return root !== undefined && bytesEqual(root, hash)
    ? undefined
    : `another block was published as final at height ${height}`;
}

function contentsOf(
  { header, height, hash, record }: MainBlock,
  { chainOf }: MainSinkOptions,
  certificate: Certificate | undefined,
  verdict: CertificateVerdict['type'] | undefined,
): MainBlockContents {
  const commitments = record.commitments.map((commitment): IndexedCommitment => {
    const { specRoot, reorgRoot: _, ...rest } = commitment;
    return { chain: chainOf(specRoot) ?? toHex(specRoot), mainHeight: height, mainRoot: hash, ...rest };
  });
  const { parentRoot, slot, term, producer } = header;
  return {
    block: { height, root: hash, parentRoot, slot, term, producer, header: record.header },
    commitments,
    ...(certificate === undefined ? {} : { certificate: indexed(certificate, verdict === 'verified') }),
  };
}

/** @param record as a stream has decoded it, so that its certificate can be read */
function certificateOf({ certificate }: BlockRecord): Certificate | undefined {
  return certificate.length === 0 ? undefined : CertificateType.deserialize(certificate);
}

function indexed({ vote, bits, signature }: Certificate, verified: boolean): IndexedCertificate {
  return {
    verified,
    mainHeight: vote.source.height,
    mainRoot: vote.source.root,
    term: vote.term,
    signers: bits.getTrueBitIndexes().length,
    bits: bits.uint8Array,
    signature,
  };
}
