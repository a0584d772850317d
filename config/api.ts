import { isIP } from 'node:net';
import { z } from 'zod';
import { port } from './main.js';

/** An IP address, or a block of them in CIDR notation (RFC 4632, RFC 4291). */
const addresses = z
  .string()
  .refine(isAddressBlock, 'is not an IP address or a block of them such as 10.0.0.0/8');

function isAddressBlock(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  // A zone names an interface of one machine; no client's address has one.
  if (version === 0 || address.includes('%') || more.length > 0) return false;
  // All addresses together are no proxy: anybody could name himself.
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** Where API and page are, and what one client may ask. Documented in docs/formats.md. */
export const ApiSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: port.default(4700),
  requestsPerMinute: z.number().int().min(1).default(1200),
  /** Proxies in front: from these alone, `X-Forwarded-For` is believed. */
  trustedProxies: z.array(addresses).max(32).default([]),
});
