import { spawn } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { payBitcoin } from '../../devnet/payments/bitcoin.js';
import { payEthereum } from '../../devnet/payments/ethereum.js';
import { pause, untilAborted } from '../abort.js';
import { getFromApi } from '../api.js';
import { ApiError } from '../errors.js';
import type { DataFolder } from '../init/data.js';
import { PartFailedError } from '../init/errors.js';
import type { RunningForeign } from './foreign.js';
import type { Milestones } from './milestones.js';
import type { Progress } from './progress.js';

/** A payment to be proven. */
interface Payment {
  readonly chain: string;
  readonly file: string;
  readonly words: string;
  readonly transaction: string;
  readonly block: string;
  readonly query: string;
}

interface Stage {
  readonly name: string;
  readonly milliseconds: number;
}

export interface DemoContext {
  readonly api: string;
  readonly data: DataFolder;
  readonly milestones: Milestones;
  readonly progress: Progress;
  /** Ends the waiting when everything stops. */
  readonly signal: AbortSignal;
}

/** What was proven of one payment, and how long each stage took. */
export interface DemoResult {
  readonly chain: string;
  readonly file: string;
  readonly transaction: string;
  readonly ok: boolean;
  readonly stages: readonly Stage[];
}

/** Milliseconds after which a payment that is still not proven is a failure. */
const PATIENCE_MS = 600_000;

/** @throws PartFailedError if it takes too long, whatever the reason */
export async function payAndProve(foreign: RunningForeign, context: DemoContext): Promise<DemoResult> {
  const deadline = new AbortController();
  const late = new PartFailedError(
    foreign.chain,
    `the payment is not proven after ${PATIENCE_MS / 1000} s`,
    context.data.log('relay'),
  );
  const timer = setTimeout(() => deadline.abort(late), PATIENCE_MS);
  try {
    const signal = AbortSignal.any([context.signal, deadline.signal]);
    return await prove(foreign, { ...context, signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Pays on the chain, waits until the payment is final on the main chain, fetches its proof and checks it in a process of its own. */
async function prove(foreign: RunningForeign, context: DemoContext): Promise<DemoResult> {
  const { progress, milestones, data } = context;
  const watch = new Stopwatch();
  const payment = await untilAborted(pay(foreign), context.signal);
  watch.lap('in a foreign block');
  progress.say(payment.words);
  const height = await heightOf(payment, context);
  await untilAborted(milestones.reached('committed', payment.chain, height), context.signal);
  watch.lap('committed');
  progress.say(`${payment.chain}: height ${height} is committed on the main chain`);
  await untilAborted(milestones.reached('finalized', payment.chain, height), context.signal);
  watch.lap('finalised');
  const proof = await retrying(context, () =>
    getFromApi(context.api, `/v1/chains/${payment.chain}/txs/${payment.transaction}/proof?${payment.query}`),
  );
  await mkdir(data.proofs, { recursive: true });
  const file = join(data.proofs, payment.file);
  // Whole or not at all, for whoever looks meanwhile.
  await writeFile(`${file}.part`, proof);
  await rename(`${file}.part`, file);
  watch.lap('proof fetched');
  progress.say(`${payment.chain}: proof in ${file} (${proof.length} bytes)`);
  const check = await verifyInFreshProcess(file, data.path);
  watch.lap('proof checked');
  progress.say(
    check.ok
      ? `${payment.chain}: checked offline, in a fresh process without sockets`
      : `${payment.chain}: the proof was REFUSED`,
  );
  progress.more([...check.lines, `took: ${watch.words()}`]);
  return { chain: payment.chain, file, transaction: payment.transaction, ok: check.ok, stages: watch.stages };
}

async function pay(foreign: RunningForeign): Promise<Payment> {
  if (foreign.chain === 'ethereum-local') {
    const paid = await payEthereum(foreign.endpoint.url, { wei: 10n ** 18n });
    return {
      chain: foreign.chain,
      file: 'ethereum.json',
      words: `${foreign.chain}: paid 1 ETH to ${paid.to}, transaction ${paid.transactionHash}`,
      transaction: paid.transactionHash,
      block: paid.blockHash,
      query: `kind=log&log=${paid.logIndex}`,
    };
  }
  const paid = await payBitcoin(foreign.endpoint, { satoshi: 50_000_000n });
  return {
    chain: foreign.chain,
    file: 'bitcoin.json',
    words: `${foreign.chain}: paid 0.5 BTC to ${paid.address}, transaction ${paid.txid}`,
    transaction: paid.txid,
    block: paid.blockHash,
    query: 'kind=tx',
  };
}

/** Height of the payment's block, once the relay has seen it. */
async function heightOf(payment: Payment, context: DemoContext): Promise<number> {
  const bytes = await retrying(context, () =>
    getFromApi(context.api, `/v1/chains/${payment.chain}/headers/${payment.block}`),
  );
  const { height } = JSON.parse(new TextDecoder().decode(bytes)) as { height?: number | string };
  if (height === undefined)
    throw new PartFailedError('the API', `does not say the height of block ${payment.block}`);
  return Number(height);
}

/** Asks until there is an answer: what is not there yet, the API says so. */
async function retrying<T>(context: DemoContext, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    context.signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError) || (!error.retryable && error.status !== 404)) throw error;
      await pause(200, context.signal);
    }
  }
}

/** `crossroot verify` as its own process, with the socket guard loaded before anything else. */
function verifyInFreshProcess(file: string, data: string): Promise<{ ok: boolean; lines: string[] }> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const guard = new URL('../noSockets.js', import.meta.url).href;
  return new Promise((resolve, reject) => {
    // This machine has followed the chain since its genesis: the age of that trust is no reason to refuse here.
    const args = ['verify', file, '--data', data, '--accept-stale-anchor'];
    const child = spawn(process.execPath, ['--import', guard, main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, lines: output.trimEnd().split('\n') }));
  });
}

class Stopwatch {
  readonly stages: Stage[] = [];
  #last = Date.now();

  lap(name: string): void {
    const now = Date.now();
    this.stages.push({ name, milliseconds: now - this.#last });
    this.#last = now;
  }

  words(): string {
    return this.stages
      .map(({ name, milliseconds }) => `${name} ${(milliseconds / 1000).toFixed(1)} s`)
      .join(', ');
  }
}
