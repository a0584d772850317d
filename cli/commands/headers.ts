import { createReadStream } from 'node:fs';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { verifyHeaderRun } from '../../adapters/bitcoin/rules/verifyRun.js';
import { HeaderRuleError } from '../../adapters/errors.js';
import { readCheckpointFile } from '../../config/checkpoint.js';
import { FileError, RefusedError, UsageError } from '../errors.js';
import { print } from '../output.js';

export interface HeadersFlags {
  readonly json: boolean;
  readonly chain: string;
  readonly startHeight?: number;
  readonly checkpoint?: string;
  readonly now?: number;
}

/** Checks a file of raw headers. @throws RefusedError naming the rule; UsageError */
export async function headersVerifyCommand(file: string, flags: HeadersFlags): Promise<void> {
  const known = bitcoinKind.networks.map((network) => network.name);
  if (!known.includes(flags.chain))
    throw new UsageError(`--chain ${flags.chain}: one of ${known.join(', ')} is needed`);
  const start = await startOf(flags);
  try {
    const summary = await verifyHeaderRun(
      flags.chain,
      readChunks(file),
      start,
      flags.now ?? Math.floor(Date.now() / 1000),
    );
    print(flags.json, summary, [
      `✓ ${summary.count} headers of ${flags.chain}, heights ${summary.startHeight} to ${summary.tipHeight}`,
      `tip        ${summary.tipHash}`,
      `chain work ${summary.chainWork}`,
    ]);
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    const { rule, height, hash, message } = error;
    throw new RefusedError(message, { error: { rule, height, hash, message } });
  }
}

async function startOf(flags: HeadersFlags): Promise<Parameters<typeof verifyHeaderRun>[2]> {
  if (flags.checkpoint !== undefined) {
    const { checkpoint } = await readCheckpointFile(flags.chain, flags.checkpoint);
    if (
      flags.startHeight !== undefined &&
      flags.startHeight !== checkpoint.height &&
      flags.startHeight !== checkpoint.height + 1
    ) {
      throw new UsageError(
        `--start-height ${flags.startHeight} does not follow the checkpoint at height ${checkpoint.height}`,
      );
    }
    return { kind: 'checkpoint', checkpoint };
  }
  return flags.startHeight === undefined
    ? { kind: 'genesis' }
    : { kind: 'trusted', height: flags.startHeight };
}

async function* readChunks(file: string): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 80 * 4096 })) yield chunk as Uint8Array;
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw new FileError(file, `cannot be read (${String(error.code)})`, error);
    throw error;
  }
}
