import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { parseAddress, resolveAddress, showAddress } from './address.js';
import { sessionAddresses } from './session.js';

describe('addresses', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', 8333],
    ['127.0.0.1:18444', '127.0.0.1', 18444],
    ['node.example.org', 'node.example.org', 8333],
    ['node.example.org:1', 'node.example.org', 1],
    ['localhost:65535', 'localhost', 65535],
    ['::1', '::1', 8333],
    ['2001:db8::7', '2001:db8::7', 8333],
    ['[::1]', '::1', 8333],
    ['[2001:db8::7]:8334', '2001:db8::7', 8334],
  ])('%s', (text, host, port) => {
    const address = parseAddress(text, 8333);
    expect(address).toEqual({ host, port });
    expect(parseAddress(showAddress(address), 1)).toEqual(address);
  });

  it.each([
    '',
    ':8333',
    'host:',
    'host:0',
    'host:65536',
    'host:port',
    '[::1',
    '::1]:5',
    '[host]:5',
    '[127.0.0.1]:5',
  ])('%j is none', (text) => expect(() => parseAddress(text, 8333)).toThrow(MalformedInputError));
  it.each(['a b', 'http://host', 'host/path', '-host', 'a..b', 'user@host', 'host\n', `${'a'.repeat(254)}`])(
    '%j is none either',
    (text) => expect(() => parseAddress(text, 8333)).toThrow(MalformedInputError),
  );

  it('of random text are read or refused', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        try {
          const { host, port } = parseAddress(text, 8333);
          return host.length > 0 && port >= 1 && port <= 65535;
        } catch (error) {
          return error instanceof MalformedInputError;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('resolve to IPs, which resolve to themselves', async () => {
    expect(await resolveAddress({ host: '::1', port: 5 })).toEqual([{ host: '::1', port: 5 }]);
    const found = await resolveAddress({ host: 'localhost', port: 5 });
    expect(found.map(({ host }) => host)).toContainEqual(expect.stringMatching(/^(127\.0\.0\.1|::1)$/));
  });
});

it('"seeds" are the network\'s own, where it has any', () => {
  expect(sessionAddresses('bitcoin-mainnet', 'seeds')).toContainEqual({
    host: 'seed.bitcoin.sipa.be',
    port: 8333,
  });
  expect(sessionAddresses('bitcoin-regtest', 'seeds')).toEqual([{ host: 'seeds', port: 18444 }]);
});
