import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const POLYFILL = fileURLToPath(new URL('../real/lodestar/polyfill.cjs', import.meta.url));

/** The program in the folder that CROSSROOT_LODESTAR names: where `test/real/lodestar/package.json` was installed. */
export function findLodestar(): string | undefined {
  const folder = process.env.CROSSROOT_LODESTAR;
  if (folder === undefined) return undefined;
  const program = join(folder, 'node_modules', '@chainsafe', 'lodestar', 'lib', 'index.js');
  return existsSync(program) ? program : undefined;
}

export interface LodestarOptions {
  readonly program: string;
  /** Its data, and its working directory. */
  readonly folder: string;
  readonly genesisTime: number;
  readonly slotSeconds: number;
  /** Of its API; the one after it is taken too. */
  readonly port: number;
  /** Whether it has all the validators, and so makes the blocks. */
  readonly validates: boolean;
}

/** A Lodestar node of a development network: Altair, minimal preset, 16 validators. It goes on where it was when started again. */
export class Lodestar {
  readonly url: string;
  readonly #options: LodestarOptions;
  #child: ChildProcess | undefined;
  #log = '';

  constructor(options: LodestarOptions) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
    mkdirSync(options.folder, { recursive: true });
  }

  /** Its newest words, for when a test fails. */
  get log(): string {
    return this.#log;
  }

  start(): void {
    const { program, folder, genesisTime, slotSeconds, port, validates } = this.#options;
    const child = spawn(
      process.execPath,
      [
        ...['-r', POLYFILL, program, 'dev', '--dataDir', folder, '--genesisTime', String(genesisTime)],
        ...['--genesisValidators', '16', '--beaconNodes', this.url],
        ...(validates ? ['--startValidators', '0..15', '--sync.isSingleNode', 'true'] : []),
        ...['--params.SECONDS_PER_SLOT', String(slotSeconds), '--params.ALTAIR_FORK_EPOCH', '0'],
        ...['--execution.engineMock', 'true', '--eth1', 'false', '--port', String(port + 1)],
        ...['--network.allowPublishToZeroPeers', 'true', '--rest', 'true', '--rest.namespace', '*'],
        ...['--rest.port', String(port), '--enr.ip', '127.0.0.1', '--enr.tcp', String(port + 1)],
      ],
      { cwd: folder, env: { ...process.env, LODESTAR_PRESET: 'minimal' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => {
        this.#log = (this.#log + part.toString()).slice(-2000);
      });
    process.once('exit', () => child.kill('SIGKILL'));
    this.#child = child;
  }

  /** Connects to another node, from which it then learns of blocks. @returns whether it has a peer */
  async connect(other: Lodestar): Promise<boolean> {
    const identity = await fetch(`${other.url}/eth/v1/node/identity`);
    const { data } = (await identity.json()) as { data: { peer_id: string } };
    const address = `/ip4/127.0.0.1/tcp/${other.#options.port + 1}`;
    const path = `eth/v1/lodestar/connect_peer?peerId=${data.peer_id}&multiaddr=${address}`;
    return (await fetch(`${this.url}/${path}`, { method: 'POST' })).ok;
  }

  /** Lets it write what it has and waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(timer);
  }
}
