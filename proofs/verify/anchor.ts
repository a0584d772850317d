import { bytesEqual } from '../bytes.js';
import type { MainHeader } from '../containers/header.js';
import type { Anchor } from '../containers/proof.js';
import { ProofError } from '../errors/proof.js';
import { HistoryError } from '../history/errors.js';
import { rootFromPath } from '../history/path.js';
import type { Finalized, LightClient } from './lightClient.js';
import { headerRoot } from './trust.js';

export interface AnchorOptions {
  /** Accept an older header through the main chain's own history. */
  readonly asOf?: boolean;
  /** Accept a trust that is more than three terms older than the certificate. */
  readonly acceptStaleAnchor?: boolean;
  /** Refuse anything as of a lower main height. */
  readonly minMainHeight?: number;
  /** Refuse anything whose main header is older than this, in seconds before `now` (Unix milliseconds). */
  readonly maxAge?: { readonly seconds: number; readonly now: number };
}

/** @returns the root, or the flaw named `flaw` if the path does not fit. */
export function pathRoot(
  flaw: 'history-mismatch' | 'index-mismatch' | 'reorg-mismatch' | 'bad-ancestry',
  leaf: Uint8Array,
  index: number,
  start: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array {
  try {
    return rootFromPath(leaf, index, start, size, path);
  } catch (error) {
    if (error instanceof HistoryError) throw new ProofError(flaw, error.message, error);
    throw error;
  }
}

/**
 * Checks everything above a commitment: index root, ancestry, hand-overs, certificate, age.
 * @param commitmentRoot hash tree root of the chain's `Commitment`
 * @returns the header of the verdict, and the certified one (the same without ancestry)
 * @throws ProofError
 */
export function verifyAnchor(
  anchor: Anchor,
  commitmentRoot: Uint8Array,
  client: LightClient,
  options: AnchorOptions,
): { readonly header: MainHeader; readonly finalized: Finalized } {
  const { header } = anchor;
  const indexRoot = pathRoot(
    'index-mismatch',
    commitmentRoot,
    anchor.indexPosition,
    0,
    anchor.indexSize,
    anchor.indexPath,
  );
  if (!bytesEqual(indexRoot, header.indexRoot)) {
    throw new ProofError(
      'index-mismatch',
      `the commitment is not under the index root of main height ${header.height}`,
    );
  }
  const certified = certifiedHeader(anchor, options);
  for (const handover of anchor.handovers) client.applyHandover(handover);
  if (anchor.handovers.length > 0 && anchor.certificate.term !== client.term) {
    throw new ProofError(
      'non-canonical',
      `hand-overs lead to term ${client.term} but the certificate is of term ${anchor.certificate.term}`,
    );
  }
  const finalized = client.verify(certified, anchor.certificate);
  if (client.isStale(anchor.certificate.term) && options.acceptStaleAnchor !== true) {
    throw new ProofError(
      'anchor-stale',
      `the trust is of term ${client.trust.term}, the certificate of term ${anchor.certificate.term}: more than three terms lie between`,
    );
  }
  checkAge(header, client, options);
  return { header, finalized };
}

function certifiedHeader(anchor: Anchor, options: AnchorOptions): MainHeader {
  const { header } = anchor;
  const ancestry = anchor.ancestry[0];
  if (ancestry === undefined) return header;
  if (options.asOf !== true) {
    throw new ProofError(
      'as-of-required',
      `the proof is as of main height ${header.height}, older than the certified height ${ancestry.header.height}: accept that explicitly`,
    );
  }
  const newer = ancestry.header;
  const root = pathRoot('bad-ancestry', headerRoot(header), header.height, 0, newer.height, ancestry.path);
  if (!bytesEqual(root, newer.historyRoot)) {
    throw new ProofError(
      'bad-ancestry',
      `main height ${header.height} is not an ancestor of the certified height ${newer.height}`,
    );
  }
  if (!bytesEqual(header.genesisRoot, newer.genesisRoot)) {
    throw new ProofError(
      'wrong-genesis',
      'the older header belongs to another genesis than the certified one',
    );
  }
  return newer;
}

function checkAge(header: MainHeader, client: LightClient, options: AnchorOptions): void {
  if (options.minMainHeight !== undefined && header.height < options.minMainHeight) {
    throw new ProofError(
      'too-old',
      `the proof is as of main height ${header.height}, below ${options.minMainHeight}`,
    );
  }
  if (options.maxAge !== undefined) {
    const age = (options.maxAge.now - client.timeOf(header)) / 1000;
    if (age > options.maxAge.seconds) {
      throw new ProofError(
        'too-old',
        `the proof is ${Math.floor(age)} s old, more than ${options.maxAge.seconds} s`,
      );
    }
  }
}
