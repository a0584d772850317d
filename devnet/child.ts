import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from './bitcoin/rpc/server.js';
import { NodeStartError } from './errors.js';
import { freePorts } from './ports.js';

/** Last lines that a child wrote to stderr. */
const KEPT_OUTPUT = 2000;

/** What a child's end looks like in words. */
export function endOf(
  child: ChildProcess,
  name: string,
): { readonly ended: Promise<string>; stderr(): string } {
  let tail = '';
  child.stderr?.on('data', (part: Buffer) => {
    tail = (tail + part.toString('utf8')).slice(-KEPT_OUTPUT);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${name} could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(
        `${name} ended with ${signal === null ? `exit code ${code}` : signal}${tail === '' ? '' : `: ${tail.trim()}`}`,
      ),
    );
  });
  return { ended, stderr: () => tail.trim() };
}

/** Sends `signal`, waits, and kills after `graceMs`. */
export async function stopChild(
  child: ChildProcess,
  ended: Promise<unknown>,
  signal: NodeJS.Signals,
  graceMs = 10_000,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

/**
 * Polls until `probe` gives something.
 * @throws NodeStartError when the process ends first or `timeoutMs` passes
 */
export async function waitUntilReady<T>(
  name: string,
  ended: Promise<string>,
  probe: () => Promise<T | undefined>,
  timeoutMs = 30_000,
): Promise<T> {
  let end: string | undefined;
  void ended.then((text) => {
    end = text;
  });
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; ) {
    const ready = await probe();
    if (end !== undefined) throw new NodeStartError(name, end);
    if (ready !== undefined) return ready;
    await sleep(50);
  }
  throw new NodeStartError(name, `did not answer within ${timeoutMs / 1000} s`);
}

/** @throws PortInUseError if something listens on it */
export async function checkPortFree(port: number, host = '127.0.0.1'): Promise<void> {
  const server = createServer();
  await listen(server, host, port);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/**
 * A port that nothing listens on at this moment: of those that the system gives to nobody by itself, or a connection of
 * another process could get it before it is used.
 */
export function freePort(): Promise<number> {
  return freePorts(1);
}
