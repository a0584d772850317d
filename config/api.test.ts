import { describe, expect, test } from 'vitest';
import { ApiSchema } from './api.js';

const read = (trustedProxies: unknown) => ApiSchema.safeParse({ trustedProxies });

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
