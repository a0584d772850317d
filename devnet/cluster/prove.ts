import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { payBitcoin } from '../payments/bitcoin.js';
import { payEthereum } from '../payments/ethereum.js';
import { ClusterError } from './errors.js';
import { CROSSROOT } from './member.js';
import type { Servers } from './servers.js';

export interface ProveOptions {
  readonly servers: Servers;
  /** The one address. */
  readonly api: string;
  /** What `init` made: the genesis to trust. */
  readonly data: string;
  /** For proofs. */
  readonly folder: string;
  /** In the proofs' names. */
  readonly round: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

interface Payment {
  readonly chain: string;
  /** What the proof has to rest on. */
  readonly assurance: 'work' | 'sync-committee';
  readonly transaction: string;
  readonly query: string;
}

/** Milliseconds after which a payment that is still not proven is a failure. */
const PATIENCE_MS = 240_000;
const PAYMENT_TRIES = 5;

/** Pays on each foreign chain, fetches the proofs, and checks each in a process without sockets. @throws ClusterError */
export async function payAndProve(options: ProveOptions): Promise<void> {
  const { bitcoin, ethereum } = options.servers;
  const { url, auth } = bitcoin;
  await Promise.all([
    paid(() => payBitcoin({ url, ...(auth === undefined ? {} : { auth }) }, { satoshi: 50_000_000n })).then(
      ({ txid }) => {
        const chain = { chain: 'bitcoin-regtest', assurance: 'work' } as const;
        return prove({ ...chain, transaction: txid, query: 'kind=tx' }, options);
      },
    ),
    paid(() => payEthereum(ethereum.url, { wei: 10n ** 18n })).then(({ transactionHash, logIndex }) =>
      prove(
        {
          ...({ chain: 'ethereum-local', assurance: 'sync-committee' } as const),
          ...{ transaction: transactionHash, query: `kind=log&log=${logIndex}` },
        },
        options,
      ),
    ),
  ]);
}

/** Pays again where a node did not answer in time: on a development chain, once too often does no harm. */
async function paid<T>(pay: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await pay();
    } catch (error) {
      if (tries === PAYMENT_TRIES) throw error;
      await sleep(1000);
    }
  }
}

async function prove(payment: Payment, options: ProveOptions): Promise<void> {
  const { chain, transaction, query, assurance } = payment;
  const { api, folder, round, data, say, signal } = options;
  const start = Date.now();
  say(`${chain}: paid, transaction ${transaction}`);
  const proof = await ask(`${api}/v1/chains/${chain}/txs/${transaction}/proof?${query}`, (bytes) => bytes, {
    chain,
    what: 'the payment is not proven',
    start,
    signal,
  });
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${chain}-${round}.json`);
  await writeFile(file, proof);
  const check = await verify(file, data);
  if (check.code !== 0) throw new ClusterError(chain, `the proof was refused: ${check.output.trim()}`);
  const found = Checked.parse(JSON.parse(check.stdout)).verdict.assurance;
  if (found !== assurance) throw new ClusterError(chain, `the proof rests on ${found}, not on ${assurance}`);
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  say(
    `${chain}: proven by ${found} after ${seconds} s (${proof.length} bytes), checked without sockets: ${file}`,
  );
  const row = await ask(
    `${api}/v1/index/chains/${chain}/txs/${transaction}`,
    (bytes) => canonicalRow(bytes),
    { chain, what: 'the payment is not in the index', start: Date.now(), signal },
  );
  say(`${chain}: the index has the payment at height ${row.height}`);
}

/** What `crossroot verify --json` says of a good proof. */
const Checked = z.object({ verdict: z.object({ assurance: z.string() }) });
const IndexAnswer = z.object({
  rows: z.array(z.object({ height: z.string(), canonical: z.boolean() })),
});

/** The transaction's row of the best chain; `undefined` while there is none. */
function canonicalRow(bytes: Uint8Array): { readonly height: string } | undefined {
  const { rows } = IndexAnswer.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return rows.find(({ canonical }) => canonical);
}

interface Asking {
  readonly chain: string;
  /** What is wrong if there is never an answer. */
  readonly what: string;
  /** Unix milliseconds. */
  readonly start: number;
  readonly signal: AbortSignal;
}

/** Asks until there is an answer that will do: what is not final yet, or unknown yet, says so. @throws ClusterError */
async function ask<T>(url: string, read: (bytes: Uint8Array) => T | undefined, asking: Asking): Promise<T> {
  const { chain, what, start, signal } = asking;
  for (let last = 'nothing answers'; ; ) {
    signal.throwIfAborted();
    try {
      const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const found = answer.ok ? read(bytes) : undefined;
      if (found !== undefined) return found;
      last = new TextDecoder().decode(bytes).slice(0, 300);
    } catch (error) {
      signal.throwIfAborted();
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() - start > PATIENCE_MS)
      throw new ClusterError(chain, `${what} after ${PATIENCE_MS / 1000} s: ${last}`);
    await sleep(500);
  }
}

/** `crossroot verify` as its own process, with the socket guard loaded before anything else. */
function verify(
  file: string,
  data: string,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly output: string }> {
  const guard = new URL('../../cli/noSockets.js', import.meta.url);
  const args = ['--import', guard.href, CROSSROOT, 'verify', file, '--data', data, '--json'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, output: `${stdout}${stderr}`.slice(-4000) }));
  });
}
