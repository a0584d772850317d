import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { toHex } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { fail, whole } from '../commandLine.js';
import { SLOT_MILLISECONDS } from './node.js';
import { startBeacon } from './serve.js';

interface Options {
  readonly data: string;
  readonly execution: string;
  readonly executionState?: string;
  readonly host: string;
  readonly port: number;
  readonly slotMilliseconds: number;
  readonly trustedBlockFile?: string;
}

/** `node dist/devnet/beacon/main.js`: says where it answers in one line on standard output, then makes blocks until SIGTERM. */
async function main(): Promise<void> {
  useFastHasher();
  const options = new Command('beacon')
    .description(
      'A beacon chain for development: it has an anvil that mines nothing by itself (--no-mining) make each block, signs them by ' +
        'the sync committees of its own validators, finalises them, and serves the Beacon API.',
    )
    .requiredOption('--data <folder>', 'holds the chain; one process at a time')
    .requiredOption('--execution <url>', 'JSON-RPC of that anvil')
    .option(
      '--execution-state <file>',
      'state file of an anvil that crossroot starts: saved whole at the start',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .requiredOption('--port <number>', 'port to listen on; 0 for any', whole(0, 65_535))
    .option('--slot-milliseconds <number>', 'length of a slot', whole(100, 600_000), SLOT_MILLISECONDS)
    .option(
      '--trusted-block-file <file>',
      'gets the root of the block that is final at the first start, in hex: a trustedBlockRoot',
    )
    .parse()
    .opts<Options>();
  const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  const { trustedBlockFile, data, ...rest } = options;
  const service = await startBeacon({
    ...rest,
    dataDir: data,
    onProblem: (problem) => say({ problem: problem ?? null }),
    onError: (error) => say({ error: String(error) }),
    onFatal: fail,
    onOpen: async ({ chain }) => {
      if (trustedBlockFile !== undefined) await keepRoot(trustedBlockFile, chain.finalized.root);
    },
  });
  say({ url: service.url });
  const stop = () => {
    service.close().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

/** Writes the file once: whole or not at all, as who reads it may trust nothing else. */
async function keepRoot(file: string, root: Uint8Array): Promise<void> {
  if (existsSync(file)) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${toHex(root)}\n`);
  await rename(`${file}.new`, file);
}

main().catch(fail);
