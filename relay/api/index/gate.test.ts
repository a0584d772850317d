import { describe, expect, it } from 'vitest';
import { IndexBusyError, IndexTimeoutError } from './errors.js';
import { QueryGate } from './gate.js';

const held = () => {
  let open: (value: number) => void = () => undefined;
  const promise = new Promise<number>((resolve) => {
    open = resolve;
  });
  return { promise, open: (value: number) => open(value) };
};

describe('questions to the index', () => {
  it('go through a few at a time, in order', async () => {
    const gate = new QueryGate({ concurrent: 2, waiting: 10 });
    const begun: number[] = [];
    const questions = Array.from({ length: 5 }, held);
    const answers = questions.map(({ promise }, i) =>
      gate.run(() => {
        begun.push(i);
        return promise;
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    questions[1]?.open(1);
    await answers[1];
    expect(begun).toEqual([0, 1, 2]);
    for (const [i, { open }] of questions.entries()) open(i);
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4]);
    expect(await gate.run(async () => 7)).toBe(7);
  });

  it('are refused where too many wait', async () => {
    const gate = new QueryGate({ concurrent: 1, waiting: 1 });
    const first = held();
    const answers = [gate.run(() => first.promise), gate.run(async () => 2)];
    await expect(gate.run(async () => 3)).rejects.toThrow(IndexBusyError);
    first.open(1);
    expect(await Promise.all(answers)).toEqual([1, 2]);
  });

  it('end in time, but hold their place until the index has done with them', async () => {
    const gate = new QueryGate({ concurrent: 1, waiting: 5, timeoutMs: 20 });
    const first = held();
    await expect(gate.run(() => first.promise)).rejects.toThrow(IndexTimeoutError);
    let asked = false;
    const second = gate.run(async () => {
      asked = true;
    });
    await expect(second).rejects.toThrow(IndexTimeoutError);
    first.open(1);
    expect(await gate.run(async () => 3)).toBe(3);
    // Nobody waited for the second any more.
    expect(asked).toBe(false);
  });

  it('may fail, at once or after their time, without anything left over', async () => {
    const gate = new QueryGate({ concurrent: 1, timeoutMs: 20 });
    await expect(gate.run(() => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
    const late = gate.run(
      () => new Promise((_resolve, reject) => setTimeout(() => reject(new RangeError('late')), 40)),
    );
    await expect(late).rejects.toThrow(IndexTimeoutError);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await gate.run(async () => 1)).toBe(1);
  });
});
