import { bytesEqual, toHex } from '../../proofs/bytes.js';
import { type Certificate, CertificateType } from '../../proofs/containers/consensus.js';
import type { BlockRecord } from '../log/records.js';
import type {
  IndexedCertificate,
  IndexedCommitment,
  MainBlockContents,
  SetWriter,
} from '../store/indexStore.js';
import { MainConflictError } from './errors.js';
import { type MainBlock, type MainTip, mainBlock, mainStep } from './mainChain.js';
import type { SetEffect } from './streamSink.js';

/** Name of the position in the stream of main-chain blocks. */
export const MAIN_STREAM = 'main';

export interface MainSinkOptions {
  /** Of the main chain, where it is known. */
  readonly genesisRoot?: Uint8Array | undefined;
  /** Name of the chain of a spec root, where it is known; its hex otherwise. */
  readonly chainOf: (specRoot: Uint8Array) => string | undefined;
  /** Told of what was set aside. */
  readonly onConflict?: (error: MainConflictError) => void;
}

/**
 * Main-chain blocks into the index, by the rule of `mainStep`. What was published twice changes nothing; another block at a height
 * that has one, and what does not fit, is set aside.
 */
export function mainEffect(options: MainSinkOptions): SetEffect<BlockRecord> {
  const { genesisRoot, onConflict } = options;
  return async (writer, values, step) => {
    let tip = await newest(writer);
    const rows: MainBlockContents[] = [];
    for (const [i, record] of values.entries()) {
      const block = mainBlock(record);
      const means = mainStep(tip, block, genesisRoot);
      if (means.type === 'next') {
        rows.push(contentsOf(block, options));
        tip = block;
        continue;
      }
      const reason = means.type === 'refused' ? means.reason : await conflict(writer, rows, block);
      if (reason === undefined) continue;
      step.refuse(i, reason);
      onConflict?.(new MainConflictError(block.height, reason));
    }
    if (rows.length > 0) await writer.writeMainBlocks(rows);
  };
}

async function newest(writer: SetWriter): Promise<MainTip | undefined> {
  const found = await writer.mainRoot();
  return found && { height: found.height, hash: found.root };
}

/** Why a block at or below the tip is not the one that was taken there; `undefined` if it is. */
async function conflict(
  writer: SetWriter,
  rows: readonly MainBlockContents[],
  { height, hash }: MainBlock,
): Promise<string | undefined> {
  const taken = rows.find(({ block }) => block.height === height)?.block ?? (await writer.mainRoot(height));
  return taken !== undefined && bytesEqual(taken.root, hash)
    ? undefined
    : `another block was published as final at height ${height}`;
}

function contentsOf(
  { header, height, hash, record }: MainBlock,
  { chainOf }: MainSinkOptions,
): MainBlockContents {
  const commitments = record.commitments.map((commitment): IndexedCommitment => {
    const { specRoot, reorgRoot: _, ...rest } = commitment;
    return { chain: chainOf(specRoot) ?? toHex(specRoot), mainHeight: height, mainRoot: hash, ...rest };
  });
  const { parentRoot, slot, term, producer } = header;
  return {
    block: { height, root: hash, parentRoot, slot, term, producer, header: record.header },
    commitments,
    ...(record.certificate.length === 0
      ? {}
      : { certificate: certificateOf(CertificateType.deserialize(record.certificate)) }),
  };
}

function certificateOf({ vote, bits, signature }: Certificate): IndexedCertificate {
  return {
    mainHeight: vote.source.height,
    mainRoot: vote.source.root,
    term: vote.term,
    signers: bits.getTrueBitIndexes().length,
    bits: bits.uint8Array,
    signature,
  };
}
