import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { MalformedInputError } from '../../../proofs/errors/input.js';

/** A node's address; the host is a name or an IP without brackets. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/** Names may resolve to many nodes: no more are tried. */
const MAX_RESOLVED = 16;
const NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;

/**
 * Reads `host`, `host:port`, `[IPv6]`, `[IPv6]:port` or a bare IPv6 address.
 * @throws MalformedInputError
 */
export function parseAddress(text: string, defaultPort: number): PeerAddress {
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^([^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const host = isIP(text) === 6 ? text : (bracketed?.[1] ?? plain?.[1]);
  const port = Number(bracketed?.[2] ?? plain?.[2] ?? defaultPort);
  if (
    host === undefined ||
    (bracketed !== null && isIP(host) !== 6) ||
    (isIP(host) === 0 && !NAME.test(host)) ||
    port < 1 ||
    port > 65535
  ) {
    throw new MalformedInputError(
      'Bitcoin P2P address',
      `is not host, host:port or [IPv6]:port: ${text.slice(0, 80)}`,
    );
  }
  return { host, port };
}

/** As `parseAddress` reads it. */
export function showAddress({ host, port }: PeerAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The IPs of an address, at most 16, each once. @throws what the resolver throws for an unknown name */
export async function resolveAddress({ host, port }: PeerAddress): Promise<PeerAddress[]> {
  if (isIP(host) !== 0) return [{ host, port }];
  const found = await lookup(host, { all: true, verbatim: true });
  return [...new Set(found.map(({ address }) => address))]
    .slice(0, MAX_RESOLVED)
    .map((ip) => ({ host: ip, port }));
}
