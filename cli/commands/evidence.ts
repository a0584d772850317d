import * as z from 'zod';
import {
  BRANCH_END,
  type BranchRecord,
  type BranchSummary,
  TRUNK,
  verifyBranches,
} from '../../adapters/chain/branches.js';
import { HeaderRuleError } from '../../adapters/errors.js';
import { findNetwork } from '../../adapters/registry.js';
import { utf8 } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { getFromApi } from '../api.js';
import { RefusedError, UsageError } from '../errors.js';
import { readBytes, writeResult } from '../files.js';
import { print, toJson } from '../output.js';

/** Largest raw header, in hex digits. */
const Raw = z.string().max(8192);
const Part = z.object({
  first: z.array(Raw).max(BRANCH_END),
  omitted: z.object({ count: z.number().int().positive(), digest: z.string().length(64) }).nullable(),
  last: z.array(Raw).max(BRANCH_END),
});
const Height = z.number().int().nonnegative();
const BranchFile = z.object({
  format: z.literal('crossroot-branches'),
  version: z.literal(1),
  chain: z.string().max(64),
  checkpoint: z.object({
    height: Height,
    hash: z.string().length(64),
    work: z.string().regex(/^\d{1,78}$/),
    periodStartTime: Height,
    periodStartBits: Height,
  }),
  forkHeight: Height,
  trunk: z.array(Raw).max(TRUNK),
  ours: Part,
  theirs: Part,
});

/** Writes both branches of one record of evidence, as the API has it, to a file. @throws ApiError, UsageError */
export async function evidenceExportCommand(flags: {
  readonly json: boolean;
  readonly api: string;
  readonly chain: string;
  readonly number: number;
  readonly output?: string;
}): Promise<void> {
  const path = `/v1/chains/${encodeURIComponent(flags.chain)}/evidence/${flags.number}`;
  const answer: unknown = JSON.parse(new TextDecoder().decode(await getFromApi(flags.api, path)));
  const branches =
    typeof answer === 'object' && answer !== null && 'branches' in answer ? answer.branches : null;
  if (branches === null)
    throw new UsageError(`evidence ${flags.number} of ${flags.chain} keeps no branches: only deep forks do`);
  await writeResult(flags.output, utf8(`${toJson(branches)}\n`));
}

/** Checks both branches of a file by all header rules; opens no socket. @throws RefusedError naming the rule */
export async function evidenceVerifyCommand(
  file: string,
  flags: { readonly json: boolean; readonly now?: number },
): Promise<void> {
  const record = readBranchFile(await readBytes(file));
  const { kind } = findNetwork(record.chain);
  try {
    const result = verifyBranches(kind, record, flags.now ?? Math.floor(Date.now() / 1000));
    const line = (name: string, branch: BranchSummary) =>
      `${name.padEnd(7)} ${branch.headers} headers to ${branch.tipHeight} ${branch.tipHash}, work ${branch.complete ? '' : 'at least '}${branch.work}`;
    print(flags.json, { chain: record.chain, forkHeight: record.forkHeight, ...result }, [
      `✓ two branches of ${record.chain} from height ${record.forkHeight}`,
      line('ours', result.ours),
      line('theirs', result.theirs),
    ]);
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    const { rule, height, hash, message } = error;
    throw new RefusedError(message, { error: { rule, height, hash, message } });
  }
}

/** A file of two branches. @throws MalformedInputError */
export function readBranchFile(bytes: Uint8Array): BranchRecord {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new MalformedInputError(
      'branch record',
      `is not JSON (${error instanceof Error ? error.message : ''})`,
    );
  }
  const read = BranchFile.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new MalformedInputError('branch record', `${issue?.path.join('.')}: ${issue?.message}`);
}
