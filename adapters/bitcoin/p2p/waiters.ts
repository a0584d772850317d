import type { Message } from './messages.js';

/** What `Take` gives for a part of an answer: it was taken, and more is waited for. */
export const MORE = Symbol('more');

/** A value for the message that is the answer, `undefined` for any other. What it throws ends the connection. */
export type Take<T> = (message: Message) => T | typeof MORE | undefined;

/** Which messages are offered. */
export type Commands = readonly string[] | 'any';

export interface WaitOptions<T> {
  readonly commands: Commands;
  readonly timeoutMs: number;
  readonly take: Take<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
  readonly onTimeout: () => void;
}

interface Waiter {
  readonly commands: Commands;
  readonly offer: (message: Message) => boolean;
  readonly fail: (error: Error) => void;
}

/** Who waits for which answers on one connection: the first that takes a message has it. */
export class Waiters {
  readonly #waiters = new Set<Waiter>();

  /** @returns what ends the waiting without an answer */
  add<T>({ commands, timeoutMs, take, resolve, reject, onTimeout }: WaitOptions<T>): () => void {
    const timer = setTimeout(onTimeout, timeoutMs);
    const stop = () => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    };
    const waiter: Waiter = {
      commands,
      offer: (message) => {
        const value = take(message);
        if (value === undefined) return false;
        if (value === MORE) return true;
        stop();
        resolve(value);
        return true;
      },
      fail: (error) => {
        stop();
        reject(error);
      },
    };
    this.#waiters.add(waiter);
    return stop;
  }

  /** @returns whether somebody took it. @throws what a `Take` throws */
  offer(message: Message): boolean {
    for (const { commands, offer } of this.#waiters)
      if ((commands === 'any' || commands.includes(message.command)) && offer(message)) return true;
    return false;
  }

  /** Whether somebody waits for this message by its name. */
  expect(command: string): boolean {
    return [...this.#waiters].some(({ commands }) => commands !== 'any' && commands.includes(command));
  }

  /** Ends all waiting. */
  fail(error: Error): void {
    for (const { fail } of this.#waiters) fail(error);
  }
}
