import { createReadStream } from 'node:fs';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { verifyHeaderRun } from '../../adapters/bitcoin/rules/verifyRun.js';
import { Bip54Observer } from '../../adapters/bitcoin/rules/warnings.js';
import { HeaderRuleError } from '../../adapters/errors.js';
import { fileReason } from '../../config/fileErrors.js';
import { FileError, RefusedError, UsageError } from '../errors.js';
import { print } from '../output.js';
import { addSignet } from '../signets.js';

export interface HeadersFlags {
  readonly json: boolean;
  readonly chain: string;
  readonly startHeight?: number;
  readonly checkpoint?: string;
  readonly now?: number;
  readonly signetChallenge?: string;
  readonly warn?: string;
}

/** Checks a file of raw headers. @throws RefusedError naming the rule; UsageError */
export async function headersVerifyCommand(file: string, flags: HeadersFlags): Promise<void> {
  if (flags.signetChallenge !== undefined) addSignet(flags.chain, flags.signetChallenge);
  const known = bitcoinKind.networks.map((network) => network.name);
  if (!known.includes(flags.chain))
    throw new UsageError(`--chain ${flags.chain}: one of ${known.join(', ')} is needed`);
  const start = await startOf(flags);
  const observer =
    flags.warn === undefined ? undefined : new Bip54Observer(bitcoinNetwork(flags.chain).rules, start);
  try {
    const summary = await verifyHeaderRun(
      flags.chain,
      observer?.watch(readChunks(file)) ?? readChunks(file),
      start,
      flags.now ?? Math.floor(Date.now() / 1000),
    );
    const { warnings, count = 0 } = observer ?? {};
    const told = warnings === undefined ? {} : { warnings, warningCount: count };
    print(flags.json, { ...summary, ...told }, [
      `✓ ${summary.count} headers of ${flags.chain}, heights ${summary.startHeight} to ${summary.tipHeight}`,
      `tip        ${summary.tipHash}`,
      `chain work ${summary.chainWork}`,
      ...(warnings ?? []).map(({ rule, height, message }) => `⚠ ${rule} at height ${height}: ${message}`),
      ...(warnings !== undefined && count > warnings.length
        ? [`⚠ ${count - warnings.length} warnings more`]
        : []),
    ]);
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    const { rule, height, hash, message } = error;
    throw new RefusedError(message, { error: { rule, height, hash, message } });
  }
}

async function startOf(flags: HeadersFlags): Promise<Parameters<typeof verifyHeaderRun>[2]> {
  if (flags.checkpoint !== undefined) {
    // All kinds of chains come with it: only where it is needed.
    const { readCheckpointFile } = await import('../../config/checkpoint.js');
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
      throw new FileError(file, `cannot be read (${fileReason(error)})`, error);
    throw error;
  }
}
