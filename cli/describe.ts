import { toHex } from '../proofs/bytes.js';
import type { Json, PayloadClaim } from '../proofs/verify/payload.js';
import type { MainVerdict, Verdict } from '../proofs/verify/verdict.js';

/** A verdict in plain words, a line each. */
export function describeVerdict(verdict: Verdict): string[] {
  if (!('main' in verdict)) {
    return [
      ...verdict.claims.flatMap(describeClaim),
      `in block ${verdict.blockHash} of ${verdict.chain}, which you vouch for`,
      'anchored in no main chain',
    ];
  }
  if ('forkHeight' in verdict) {
    return [
      `${verdict.chain} reorganised above height ${verdict.forkHeight}`,
      `replaced tip  ${verdict.oldTip.height} ${verdict.oldTip.hash}`,
      `by            ${verdict.newTip.height} ${verdict.newTip.hash}`,
      `epoch ${verdict.epoch} began at main height ${verdict.mainHeight}`,
      ...describeMain(verdict.main),
    ];
  }
  return [
    ...verdict.claims.flatMap(describeClaim),
    `in block      ${verdict.blockHash}`,
    `of            ${verdict.chain}, height ${verdict.height}, ${timeText(verdict.blockTime * 1000)}`,
    `depth         ${verdict.depth} block${verdict.depth === 1 ? '' : 's'} on top`,
    `assurance     ${assuranceWords(verdict.assurance)} since checkpoint ${verdict.since.height} (${verdict.since.hash})`,
    ...(verdict.since.trustedBlockRoot === undefined
      ? []
      : [`trusted block ${verdict.since.trustedBlockRoot}`]),
    ...describeMain(verdict.main),
  ];
}

/** A time in Unix milliseconds as a date; a chain's own time may be one that no date has. */
function timeText(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? `${milliseconds / 1000} s after 1970` : date.toISOString();
}

function assuranceWords(assurance: string): string {
  if (assurance === 'work') return 'work (headers re-validated by the main chain)';
  if (assurance === 'attested') return 'attested (a quorum of delegates read it)';
  if (assurance === 'sync-committee') return 'sync-committee (finality re-validated by the main chain)';
  return assurance;
}

function describeMain(main: MainVerdict): string[] {
  const { signed, total, needed } = main.quorum;
  const through =
    main.certifiedHeight === main.height ? '' : `, through certified height ${main.certifiedHeight}`;
  return [
    `as of         main height ${main.height}${through}, ${timeText(main.time)}`,
    `quorum        ${signed} of ${total} delegates signed (${needed} needed), term ${main.term}`,
    `main chain    ${toHex(main.genesisRoot)}`,
  ];
}

function describeClaim(claim: PayloadClaim): string[] {
  return [claim.summary, ...Object.entries(claim.facts).flatMap(([name, value]) => factLines(name, value))];
}

/** Most things of a list that are told, each on a line of its own. `--json` tells all. */
const TOLD = 20;

function factLines(name: string, value: Json): string[] {
  if (!Array.isArray(value) || !value.some((item) => typeof item === 'object'))
    return [`${name.padEnd(13)} ${factText(value)}`];
  const lines = value
    .slice(0, TOLD)
    .map((item, i) => `${(i === 0 ? name : '').padEnd(13)} ${factText(item)}`);
  const more = value.length - lines.length;
  return more > 0 ? [...lines, `${''.padEnd(13)} … and ${more} more`] : lines;
}

function factText(value: Json): string {
  if (Array.isArray(value)) return value.map(factText).join('; ');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([key, item]) => `${key} ${factText(item)}`)
      .join(', ');
  }
  const text = String(value);
  return text.length > 140 ? `${text.slice(0, 130)}… (${text.length} characters)` : text;
}
