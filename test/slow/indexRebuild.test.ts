import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LevelStore } from '../../storage/level.js';
import { compileEntry } from '../support/compile.js';
import { IndexedWorld } from '../support/indexers/indexedWorld.js';
import type { RebuildInit, RebuildTold } from '../support/indexers/rebuildMain.js';
import { seeded } from './support/up.js';

/** Repeat a run with SEED=n. */
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 8;
/** Stretches of the log, each with a reorganisation, a main-chain block and evidence. */
const STRETCHES = 40;

const installed = await import('chdb/connection').then(
  () => true,
  () => false,
);

let root: string;
let program: string;
let init: RebuildInit;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'crossroot-rebuild-'));
  program = await compileEntry('test/support/indexers/rebuildMain.ts');
  const store = await LevelStore.open(join(root, 'log'));
  const world = new IndexedWorld('bitcoin-fake', store);
  const random = seeded(seed);
  for (let i = 0; i < STRETCHES; i++) {
    await world.connect(20 + Math.floor(random() * 60));
    const gone = await world.disconnect(Math.floor(random() * 12));
    await world.connect(Math.floor(random() * 14), random() < 0.5 ? gone : []);
    await world.publish(1);
    await world.blame(1);
  }
  await store.close();
  init = {
    ...{ log: join(root, 'log'), index: join(root, 'killed') },
    chain: world.chain,
    blocks: STRETCHES,
    evidence: STRETCHES,
  };
});
afterAll(() => rm(root, { recursive: true, force: true }));

class Child {
  readonly process: ChildProcess;
  readonly told: RebuildTold[] = [];
  readonly #exit: Promise<void>;

  constructor(message: RebuildInit) {
    this.process = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.process.on('message', (told: RebuildTold) => this.told.push(told));
    this.#exit = new Promise((resolve) => this.process.once('exit', () => resolve()));
    this.process.send(message);
  }

  async until(type: RebuildTold['type'], seconds: number): Promise<RebuildTold> {
    const deadline = Date.now() + 1000 * seconds;
    for (;;) {
      const found = this.told.find((told) => told.type === type);
      if (found !== undefined) return found;
      if (Date.now() > deadline || this.process.exitCode !== null)
        throw new Error(
          `not ${type} within ${seconds} s, exit code ${this.process.exitCode}: ${JSON.stringify(this.told.slice(-2))}`,
        );
      await sleep(20);
    }
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#exit;
  }
}

async function rows(message: RebuildInit): Promise<unknown> {
  const child = new Child(message);
  try {
    const told = await child.until('rows', 300);
    return told.type === 'rows' ? told.rows : undefined;
  } finally {
    await child.kill();
  }
}

describe.skipIf(!installed)('the index made anew from the log', () => {
  test(`kill -9 at ${ROUNDS} random moments leaves the rows of one straight run (SEED=${seed})`, async () => {
    const random = seeded(seed + 1);
    let rebuilt = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const child = new Child(init);
      await child.until('open', 120);
      await sleep(random() * 9000);
      await child.kill();
      rebuilt += child.told.filter(({ type }) => type === 'rebuilt').length;
    }
    const killed = await rows({ ...init, rebuilds: 2 });
    const straight = await rows({ ...init, index: join(root, 'straight'), rebuilds: 0 });
    expect(killed).toEqual(straight);
    expect(Object.keys(killed as object)).toEqual(expect.arrayContaining(['header_events', 'bitcoin_coins']));
    console.log(`${rebuilt} rebuilds were finished between ${ROUNDS} kills`);
  });
});
