import { resolve } from 'node:path';
import { loadConfig } from '../../config/load.js';
import { print } from '../output.js';
import { Progress } from './progress.js';
import { Supervisor } from './supervisor.js';

export interface UpFlags {
  readonly json: boolean;
  readonly config?: string;
  readonly data: string;
  readonly once: boolean;
}

/**
 * Runs everything until Ctrl-C, or with `--once` until the proofs are made.
 * @returns 0 if all that was to be proven was, else 1
 * @throws whatever kept it from starting, as an error with one clear line
 */
export async function upCommand(flags: UpFlags): Promise<number> {
  const config = await loadConfig(flags.config);
  const progress = new Progress(flags.json);
  const supervisor = new Supervisor(config, resolve(flags.data), progress);
  const interrupted = new Promise<'interrupted'>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        done('interrupted');
        supervisor.abort();
      });
    }
  });
  try {
    const first = await Promise.race([supervisor.run(), supervisor.failed, interrupted]);
    if (first === 'interrupted') return 0;
    print(flags.json, { ok: first.every((one) => one.ok), proofs: first }, []);
    const ok = first.every((one) => one.ok);
    if (flags.once || !ok) return ok ? 0 : 1;
    progress.say(`running: page and API at ${supervisor.api} (Ctrl-C stops)`);
    await Promise.race([interrupted, supervisor.failed]);
    return 0;
  } finally {
    progress.say('stopping …');
    await supervisor.stop();
    progress.say('stopped');
  }
}
