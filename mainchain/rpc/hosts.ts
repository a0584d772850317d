/** Names by which a service that listens on loopback is called. */
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/** Whether nobody but this machine reaches the address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether a service on `listen` may answer a request with this `Host` header. One on loopback answers to loopback's names
 * alone: a web page can let a name of its own point here (DNS rebinding), and the browser then takes the answer for its site's.
 * @param names further ones, in small letters: where there are any, a service elsewhere answers to no others either
 */
export function isServedHost(
  listen: string,
  header: string | undefined,
  names: ReadonlySet<string> = new Set(),
): boolean {
  if (!isLoopback(listen) && names.size === 0) return true;
  const [asked = ''] = /^(?:\[[^\]]*\]|[^:]*)/.exec(header ?? '') ?? [];
  // A name may end in the root's dot.
  const name = asked.toLowerCase().replace(/\.$/, '');
  return isLoopback(name) || names.has(name);
}
