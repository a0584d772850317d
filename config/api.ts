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

/** A name or an IP address as a browser's `Host` header has it, in small letters and without a port. */
const hostName = z
  .string()
  .max(253)
  .transform((text, context) => {
    const name = canonicalHost(text);
    if (name !== undefined) return name;
    context.addIssue({
      code: 'custom',
      message: 'is not a host name such as crossroot.example, without scheme and port',
    });
    return z.NEVER;
  });

/** An IPv6 address gets brackets. @returns undefined for what is no host name and no address */
function canonicalHost(text: string): string | undefined {
  if (isIP(text) === 4) return text;
  const address = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (isIP(address) === 6) return address.includes('%') ? undefined : new URL(`http://[${address}]`).hostname;
  const labels = text.toLowerCase().split('.');
  // RFC 1123; a name whose last label is a number would be read as an address.
  const isName = labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label));
  return isName && !/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? labels.join('.') : undefined;
}

/** Where API and page are, and what one client may ask. Documented in docs/formats.md. */
export const ApiSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: port.default(4700),
  requestsPerMinute: z.number().int().min(1).default(1200),
  /** Proxies in front: from these alone, `X-Forwarded-For` is believed. */
  trustedProxies: z.array(addresses).max(32).default([]),
  /** Names under which it is asked besides loopback's: what a proxy in front passes on as `Host`. */
  hosts: z.array(hostName).max(32).default([]),
});
