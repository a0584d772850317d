import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reversed, toBareHex, toHex } from '../../../proofs/bytes.js';
import { serveIndex } from '../../../test/support/index/serve.js';
import { ADDRESS, account, fakeWorld, named, SCRIPT } from '../../../test/support/index/world.js';
import { indexRouteList } from './routes.js';

let server: Awaited<ReturnType<typeof serveIndex>>;
beforeAll(async () => {
  server = await serveIndex(fakeWorld());
});
afterAll(() => server.close());

const good = [
  'bitcoin-regtest',
  'ethereum-local',
  toBareHex(reversed(named('both'))),
  toHex(named('call 119')),
  `${toBareHex(reversed(named('both')))}:0`,
  toHex(account('token')),
  toHex(SCRIPT),
  ADDRESS,
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  '119',
  'any',
  'true',
  'latest',
];
const numbers = [
  '0',
  '-1',
  '1',
  '100',
  '1001',
  '9007199254740993',
  '999999999999999',
  '1e3',
  '0x10',
  ' 5',
  'NaN',
];
const cursors = [
  'x',
  '',
  'WyJoZWFkZXJzIiwxLCIwMDAwMDAwMDAwMDAwMDAwIixbMV1d',
  `9.${'A'.repeat(40)}`,
  '9.',
  '.',
];
const text = fc.oneof(
  fc.constantFrom(...good, ...numbers, ...cursors),
  fc.string({ maxLength: 60, unit: 'binary' }),
  fc.stringMatching(/^(0x)?[0-9a-f]{0,80}$/),
  fc
    .constantFrom(...good)
    .chain((one) => fc.constantFrom(`${one}0`, one.toUpperCase(), `${one},${one}`, one.slice(1))),
);
const names = [
  ...new Set(indexRouteList.flatMap((route) => Object.keys(route.query.shape))),
  'unknown',
  '__proto__',
  'constructor',
];
const question = fc.record({
  route: fc.constantFrom(...indexRouteList),
  parameters: fc.array(text, { minLength: 2, maxLength: 2 }),
  // The chain is right more often than not, so that what follows is reached.
  chain: fc.option(fc.constantFrom('bitcoin-regtest', 'ethereum-local'), { freq: 8 }),
  query: fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 6 }),
  lines: fc.boolean(),
});

it('no question makes the server fail', async () => {
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(question, async ({ route, parameters, chain, query, lines }) => {
      const parts = [...parameters];
      const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) =>
        encode(name === 'chain' && chain !== null ? chain : (parts.pop() ?? 'x')),
      );
      const search = query.map(([name, value]) => `${name}=${encode(value)}`).join('&');
      const { status } = await server.get(
        `${path.slice('/v1/index'.length)}?${search}`,
        lines ? { accept: 'application/x-ndjson' } : {},
      );
      seen.set(status, (seen.get(status) ?? 0) + 1);
      expect([200, 400, 404, 413]).toContain(status);
      expect(server.faults).toEqual([]);
    }),
    { numRuns: 3000 },
  );
  for (const status of [200, 400, 404]) expect(seen.get(status)).toBeGreaterThan(100);
});

/** An empty text, or dots alone, would be another path. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/^\.*$/, 'x');
}
