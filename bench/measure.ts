/** One measured rate. */
export interface Rate {
  readonly name: string;
  /** Operations a second: the median of the rounds. */
  readonly perSecond: number;
}

/** Something to be measured. */
export interface Subject {
  readonly name: string;
  /** Operations of one run. */
  readonly count: number;
  readonly run: () => unknown;
}

/**
 * Runs each subject in turn, round after round, so that a drifting machine hits all alike, and gives medians.
 * @param run does `count` operations
 */
export async function race(subjects: readonly Subject[], rounds = 7): Promise<Rate[]> {
  const seconds = subjects.map(() => [] as number[]);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      const start = process.hrtime.bigint();
      await subject.run();
      const took = Number(process.hrtime.bigint() - start) / 1e9;
      // Round 0 warms up.
      if (round > 0) seconds[i]!.push(took);
    }
  }
  return subjects.map((subject, i) => ({
    name: subject.name,
    perSecond: subject.count / median(seconds[i]!),
  }));
}

/**
 * Operations of one subject a second of processor time, which other work on the machine changes least: the median of the rounds.
 * @param run does `count` operations on this thread
 */
export async function processorRate({ count, run }: Subject, rounds = 7): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    seconds.push((user + system) / 1e6);
  }
  return count / median(seconds);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Prints a table: each rate, and its ratio to the first. */
export function report(title: string, rates: readonly Rate[]): void {
  const base = rates[0]?.perSecond ?? Number.NaN;
  console.log(`\n${title}`);
  for (const rate of rates) {
    const shown =
      rate.perSecond >= 1000 ? Math.round(rate.perSecond).toLocaleString('en') : rate.perSecond.toFixed(1);
    console.log(
      `  ${rate.name.padEnd(58)} ${shown.padStart(14)} /s   x${(rate.perSecond / base).toFixed(2)}`,
    );
  }
}
