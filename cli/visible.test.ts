import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ProofError } from '../proofs/errors/proof.js';
import { print, reportError, toJson } from './output.js';
import { visible } from './visible.js';

afterEach(() => void vi.restoreAllMocks());

/** Clears the screen, writes its own verdict, begins a line, turns text about, and the eight-bit form of an escape. */
const hostile = '\u001b[2J\u001b[H✓ genuine\r\nall is well\u202e\u009b1A\u2028\ufeff\ud800';

function written(work: () => unknown): string {
  let text = '';
  const take = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(take as never);
  vi.spyOn(process.stderr, 'write').mockImplementation(take as never);
  work();
  vi.restoreAllMocks();
  return text;
}

describe('what others wrote moves no cursor', () => {
  const shown =
    '\\u{1b}[2J\\u{1b}[H✓ genuine\\u{d}\\u{a}all is well\\u{202e}\\u{9b}1A\\u{2028}\\u{feff}\\u{d800}';
  it('in a line, an error, a hint', () => {
    expect(written(() => print(false, {}, ['one', hostile]))).toBe(`one\n${shown}\n`);
    expect(written(() => reportError(new ProofError('unknown-chain', hostile), false))).toBe(
      `error: ${shown}\n`,
    );
  });

  it('in the stack of an error that is not known', () => {
    const [first, ...places] = written(() => reportError(new TypeError(hostile), false))
      .trimEnd()
      .split('\n');
    expect(first).toBe(`error: ${shown}`);
    expect(places.length).toBeGreaterThan(0);
    for (const place of places) expect(place).toMatch(/^ {4}at \P{C}+$/u);
  });

  it('in JSON, which says the same', () => {
    const text = written(() => print(true, { text: hostile, [hostile]: 'ä ✓ 🎉' }, []));
    expect(JSON.parse(text)).toEqual({ text: hostile, [hostile]: 'ä ✓ 🎉' });
    expect(text).toMatch(/^[\n\P{C}]*$/u);
    expect(text).toContain('ä ✓ 🎉');
  });

  it('whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (units) => {
        const text = String.fromCharCode(...units);
        const json = toJson({ text });
        expect(visible(text) + json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});

it('leaves ordinary text as it is', () => {
  const text = 'wrote proof.json (1574 bytes): ✓ ✗ … „ü“ \\u{1b}';
  expect(visible(text)).toBe(text);
});
