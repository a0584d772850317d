import {
  formatContext,
  networkData,
  payloadVerifiers,
  readUnanchoredHeader,
} from '../../adapters/registry.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { decodeProof, type ProofFormat } from '../../proofs/format/file.js';
import type { Trust } from '../../proofs/verify/trust.js';
import {
  type AnchoredVerdict,
  type ReorgVerdict,
  supersedes,
  type Verdict,
} from '../../proofs/verify/verdict.js';
import { type VerifyOptions, verifyProof } from '../../proofs/verify/verify.js';
import { describeVerdict } from '../describe.js';
import { RefusedError } from '../errors.js';
import { readBytes } from '../files.js';
import { addNetworkFiles } from '../networks.js';
import { print } from '../output.js';
import { addSignets } from '../signets.js';
import { loadTrust } from '../trust.js';

export interface VerifyFlags {
  readonly json: boolean;
  readonly data: string;
  readonly trust?: string;
  readonly blockHash?: string;
  readonly asOf: boolean;
  readonly minMainHeight?: number;
  readonly maxAge?: number;
  readonly acceptStaleAnchor: boolean;
  readonly signetChallenge?: readonly string[];
  readonly networkFile?: readonly string[];
}

const HOW_TO_TRUST =
  'Give --trust FILE, or --data DIR with the genesis.json of a crossroot that you trust; for a proof from a block file, --block-hash HASH.';

interface Outcome {
  readonly file: string;
  readonly format?: ProofFormat;
  readonly verdict?: Verdict;
  readonly error?: unknown;
}

/** Checks proof files offline. @throws RefusedError if any is refused */
export async function verifyCommand(files: readonly string[], flags: VerifyFlags): Promise<void> {
  addSignets(flags.signetChallenge);
  await addNetworkFiles(flags.networkFile);
  const trust = await loadTrust(flags.trust, flags.data);
  const options = verifyOptions(flags, trust);
  const outcomes: Outcome[] = [];
  for (const file of files) outcomes.push(await verifyFile(file, options));
  const judged = withSuperseded(outcomes);
  const good = judged.every((one) => one.error === undefined);
  const results = judged.map((one) => ({ file: one.file, ok: one.error === undefined, ...shown(one) }));
  const value = files.length === 1 ? results[0] : { ok: good, files: results };
  if (!good && flags.json) throw new RefusedError('refused', value);
  print(flags.json, value, judged.flatMap(describeOutcome));
  if (!good) throw new RefusedError('refused', value, true);
}

export function verifyOptions(flags: Partial<VerifyFlags>, trust: Trust | undefined): VerifyOptions {
  return {
    networks: networkData,
    payloads: payloadVerifiers,
    bls: blstBls,
    readHeader: readUnanchoredHeader,
    asOf: flags.asOf ?? false,
    acceptStaleAnchor: flags.acceptStaleAnchor ?? false,
    ...(trust === undefined ? {} : { trust }),
    ...(flags.blockHash === undefined ? {} : { blockHash: flags.blockHash }),
    ...(flags.minMainHeight === undefined ? {} : { minMainHeight: flags.minMainHeight }),
    ...(flags.maxAge === undefined ? {} : { maxAge: { seconds: flags.maxAge, now: Date.now() } }),
  };
}

async function verifyFile(file: string, options: VerifyOptions): Promise<Outcome> {
  const bytes = await readBytes(file);
  try {
    const { proof, format } = decodeProof(bytes, formatContext);
    return { file, format, verdict: verifyProof(proof, options) };
  } catch (error) {
    if (error instanceof CrossrootError) return { file, error };
    throw error;
  }
}

/** Refuses every proof whose leaf one of the reorg proofs among the files shows to be truncated. */
function withSuperseded(outcomes: readonly Outcome[]): Outcome[] {
  const reorgs = outcomes.flatMap((one) =>
    one.verdict?.kind === 'reorg' ? [one.verdict as ReorgVerdict] : [],
  );
  return outcomes.map((one) => {
    const { verdict } = one;
    if (verdict === undefined || !('claims' in verdict) || !('epoch' in verdict)) return one;
    const by = reorgs.find((reorg) => supersedes(reorg, verdict as AnchoredVerdict));
    if (by === undefined) return one;
    const error = new ProofError(
      'superseded',
      `block ${verdict.blockHash} at height ${verdict.height} was replaced: ${by.chain} reorganised above height ${by.forkHeight} as of main height ${by.mainHeight}`,
    );
    return { ...one, error };
  });
}

function shown(one: Outcome): object {
  if (one.error === undefined) return { format: one.format, verdict: one.verdict };
  if (one.error instanceof ProofError) return { error: { flaw: one.error.flaw, message: one.error.message } };
  return { error: one.error instanceof CrossrootError ? one.error.toJSON() : String(one.error) };
}

function describeOutcome(one: Outcome): string[] {
  if (one.error !== undefined) {
    const flaw =
      one.error instanceof ProofError
        ? one.error.flaw
        : one.error instanceof Error
          ? one.error.name
          : 'error';
    return [
      `✗ ${one.file}: refused (${flaw})`,
      `    ${one.error instanceof Error ? one.error.message : String(one.error)}`,
      ...(flaw === 'no-trust' ? [`    ${HOW_TO_TRUST}`] : []),
    ];
  }
  if (one.verdict === undefined) return [];
  return [`✓ ${one.file}`, ...describeVerdict(one.verdict).map((line) => `    ${line}`)];
}
