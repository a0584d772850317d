/** What a rebuild does at a time. */
export type RebuildPhase = 'headers' | 'contents' | 'main' | 'evidence' | 'catching up' | 'swap';

export interface RebuildProgress {
  readonly phase: RebuildPhase;
  readonly chain?: string;
  /** Events of this phase and chain, where they are counted. */
  readonly done: number;
  readonly total: number;
  readonly perSecond: number;
  readonly secondsLeft: number | undefined;
}

const CELLS = 24;

/** One line for people: bar, share, rate, time left. */
export function progressLine(progress: RebuildProgress): string {
  const { phase, chain, done, total, perSecond, secondsLeft } = progress;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * CELLS);
  const bar = `${'='.repeat(full)}${full < CELLS ? '>' : ''}`.padEnd(CELLS);
  const what = chain === undefined ? phase : `${phase} of ${chain}`;
  const left = secondsLeft === undefined ? '' : `, ${time(secondsLeft)} left`;
  const counted = `${grouped(done)} of ${grouped(total)}`;
  return `[${bar}] ${Math.floor(share * 100)} % ${what}: ${counted}, ${grouped(Math.round(perSecond))}/s${left}`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function time(seconds: number): string {
  const rounded = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(rounded / 3600), Math.floor((rounded % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rounded % 60} s` : `${rounded} s`;
}
