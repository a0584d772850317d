import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endOf, stopChild, waitUntilReady } from '../child.js';
import { endWithUs } from '../endWithUs.js';

export interface BeaconProcessOptions {
  /** `main.js`; by default the one beside this file. */
  readonly program?: string;
  readonly dataDir: string;
  /** JSON-RPC of an anvil that makes no block by itself. */
  readonly execution: string;
  /** Where that anvil writes its state. */
  readonly executionState?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Default 500. */
  readonly slotMilliseconds?: number;
  /** Gets the root of the block that is final at the first start. */
  readonly trustedBlockFile?: string;
}

export interface BeaconProcess {
  /** Of its Beacon API. */
  readonly url: string;
  readonly pid: number;
  /** Resolves with words about its end. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** A new chain makes its first blocks before it answers. */
const START_MS = 60_000;

/** Starts a development beacon chain as a process of its own, which ends with this one. @throws NodeStartError */
export async function startBeaconProcess(options: BeaconProcessOptions): Promise<BeaconProcess> {
  const { dataDir, execution, executionState, port, slotMilliseconds, trustedBlockFile } = options;
  const program = options.program ?? fileURLToPath(new URL('./main.js', import.meta.url));
  const args = ['--data', dataDir, '--execution', execution, '--port', String(port)];
  if (executionState !== undefined) args.push('--execution-state', executionState);
  if (slotMilliseconds !== undefined) args.push('--slot-milliseconds', String(slotMilliseconds));
  if (trustedBlockFile !== undefined) args.push('--trusted-block-file', trustedBlockFile);
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithUs(child, { signal: 'SIGTERM' });
  const { ended } = endOf(child, 'the beacon chain');
  let said = '';
  child.stdout.on('data', (part: Buffer) => {
    if (said.length < 4096) said += part.toString('utf8');
  });
  try {
    const url = await waitUntilReady('the beacon chain', ended, async () => readyUrl(said), START_MS);
    return { url, pid: child.pid ?? 0, ended, stop: () => stopChild(child, ended, 'SIGTERM') };
  } catch (error) {
    await stopChild(child, ended, 'SIGKILL');
    throw error;
  }
}

function readyUrl(said: string): string | undefined {
  return /^\{"url":"(http:[^"]+)"\}$/m.exec(said)?.[1];
}
