import { visible } from '../visible.js';

/** Tells what happens as it happens, a line each, with the seconds since the start. */
export class Progress {
  readonly #start = Date.now();
  readonly #silent: boolean;

  constructor(silent: boolean) {
    this.#silent = silent;
  }

  say(line: string): void {
    if (this.#silent) return;
    const seconds = ((Date.now() - this.#start) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${seconds} s  ${visible(line)}\n`);
  }

  /** Lines that belong to the one before. */
  more(lines: readonly string[]): void {
    if (!this.#silent) for (const line of lines) process.stdout.write(`          ${visible(line)}\n`);
  }
}
