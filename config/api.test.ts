import { describe, expect, test } from 'vitest';
import { ApiSchema } from './api.js';

const read = (trustedProxies: unknown) => ApiSchema.safeParse({ trustedProxies });

describe('host names', () => {
  const hosts = (...names: unknown[]) => ApiSchema.safeParse({ hosts: names });

  test('are none, unless the configuration names them', () => {
    expect(ApiSchema.parse({}).hosts).toEqual([]);
  });

  test.each([
    ['crossroot.example', 'crossroot.example'],
    ['Crossroot.EXAMPLE', 'crossroot.example'],
    ['gateway', 'gateway'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0::1', '[2001:db8::1]'],
    ['[2001:db8::1]', '[2001:db8::1]'],
  ])('%s is read as a browser writes it', (text, read) => {
    expect(hosts(text).data?.hosts).toEqual([read]);
  });

  test.each([
    ...['', '*', '*.example', 'https://crossroot.example', 'crossroot.example:443', 'crossroot.example/'],
    ...['-a.example', 'a-.example', 'a..example', '.example', 'a_b.example', 'bücher.example', 'a b'],
    ...['192.0.2.256', '1.2.3', '0x7f.0x1', '[192.0.2.1]', 'fe80::1%eth0', `${'a'.repeat(64)}.example`],
  ])('cannot be %j', (text) => {
    expect(hosts(text).error?.issues[0]?.message).toMatch(/is not a host name such as/);
  });

  test('are a list of limited length', () => {
    expect(ApiSchema.safeParse({ hosts: 'crossroot.example' }).success).toBe(false);
    expect(hosts(...Array(33).fill('a.example')).success).toBe(false);
    expect(hosts(`${'a.'.repeat(126)}aa`).success).toBe(false);
  });
});

describe('trusted proxies', () => {
  test('are none, unless the configuration names them', () => {
    expect(ApiSchema.parse({}).trustedProxies).toEqual([]);
  });

  test.each(['127.0.0.1', '10.0.0.0/8', '192.0.2.1/32', '::1', 'fd00::/8', '2001:db8::1/128'])(
    'may be %s',
    (text) => {
      expect(read([text]).success).toBe(true);
    },
  );

  test.each([
    ...['gateway', 'loopback', '', '10.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/x'],
    ...['fd00::/129', 'fe80::1%eth0', '127.0.0.1:80', '*', '010.0.0.1', '10.0.0.0/08'],
  ])('cannot be %j', (text) => {
    expect(read([text]).error?.issues[0]?.message).toMatch(/is not an IP address/);
  });

  test.each(['0.0.0.0/0', '::/0'])('cannot be everybody: %s', (text) => {
    expect(read([text]).success).toBe(false);
  });

  test('are a list of limited length', () => {
    expect(read('10.0.0.0/8').success).toBe(false);
    expect(read(Array(33).fill('10.0.0.1')).success).toBe(false);
  });
});
