import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Serial } from '../../indexers/serial.js';
import type { Ran } from './built.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).href;
const SERVER = fileURLToPath(new URL('./commandServer.mjs', import.meta.url));

interface Running {
  readonly child: ChildProcess;
  /** How the process ended. */
  readonly ended: Promise<string>;
}

/**
 * Runs `crossroot` command lines one after another in one process that is loaded once, at the first of them: for suites of
 * hundreds. What each command does at its start and end as a process, the tests of the commands show.
 */
export class CommandServer {
  readonly #serial = new Serial();
  #running: Promise<Running> | undefined;

  run(args: readonly string[]): Promise<Ran> {
    return this.#serial.run(async () => {
      this.#running ??= start();
      const { child, ended } = await this.#running;
      const answer = once(child, 'message');
      child.send([...args]);
      const ran = await Promise.race([answer, ended]);
      if (typeof ran === 'string') throw new Error(`the command ended its process: ${ran}`);
      const [said] = ran as [Omit<Ran, 'json'>];
      return { ...said, json: () => JSON.parse(said.stdout) };
    });
  }

  async close(): Promise<void> {
    (await this.#running)?.child.disconnect();
  }
}

async function start(): Promise<Running> {
  const child = fork(SERVER, [MAIN], { serialization: 'advanced' });
  const ended = once(child, 'exit').then(([code, signal]) => String(code ?? signal));
  const ready = await Promise.race([once(child, 'message'), ended]);
  if (typeof ready === 'string') throw new Error(`the program did not load: ${ready}`);
  return { child, ended };
}
