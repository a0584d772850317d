import { resolve } from 'node:path';
import { loadConfig } from '../../config/load.js';
import type { RebuildContents } from '../../indexers/sinks/rebuild/rebuild.js';
import { print } from '../output.js';
import { givenPassphrase, type PassphraseFlags } from '../passphrase.js';
import { Progress } from './progress.js';
import { Supervisor } from './supervisor.js';

export interface UpFlags extends PassphraseFlags {
  readonly json: boolean;
  readonly config?: string;
  readonly data: string;
  readonly once: boolean;
  readonly rebuildIndex?: RebuildContents;
}

/**
 * Runs everything until Ctrl-C, or with `--once` until the proofs are made.
 * @returns 0 if all that was to be proven was, else 1
 * @throws whatever kept it from starting, as an error with one clear line
 */
export async function upCommand(flags: UpFlags): Promise<number> {
  const config = await loadConfig(flags.config);
  const progress = new Progress(flags.json);
  const passphrase = await givenPassphrase(flags);
  const options = { rebuild: flags.rebuildIndex, passphrase };
  const supervisor = new Supervisor(config, resolve(flags.data), progress, options);
  const interrupted = interruption(supervisor);
  try {
    const first = await Promise.race([supervisor.run(), supervisor.failed, interrupted]);
    if (first === 'interrupted') return flags.once ? 1 : 0;
    const ok = first.every((one) => one.ok);
    print(flags.json, { ok, proofs: first }, []);
    if (flags.once || !ok) return ok ? 0 : 1;
    progress.say(`running: page and API at ${supervisor.api} (Ctrl-C stops)`);
    await Promise.race([interrupted, supervisor.failed]);
    return 0;
  } finally {
    const told = supervisor.hasStarted;
    if (told) progress.say('stopping …');
    await supervisor.stop();
    if (told) progress.say('stopped');
  }
}

/** Milliseconds within which further signals are the same Ctrl-C: a terminal and npm both send one. */
const SAME_SIGNAL_MS = 1500;

/** Resolves at the first signal. A later one, while stopping takes its time, ends everything at once. */
function interruption(supervisor: Supervisor): Promise<'interrupted'> {
  let first: number | undefined;
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (first === undefined) {
          first = Date.now();
          supervisor.abort();
          done('interrupted');
        } else if (Date.now() - first > SAME_SIGNAL_MS) {
          supervisor.kill();
          process.exit(1);
        }
      });
    }
  });
}
