/** Names by which a service that listens on loopback is called. */
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/** Whether nobody but this machine reaches the address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether a service on `listen` may answer a request with this `Host` header. One on loopback answers to loopback's names
 * alone: a web page can let a name of its own point here (DNS rebinding), and the browser then takes the answer for its site's.
 */
export function isServedHost(listen: string, header: string | undefined): boolean {
  if (!isLoopback(listen)) return true;
  const [name = ''] = /^(?:\[[^\]]*\]|[^:]*)/.exec(header ?? '') ?? [];
  return isLoopback(name.toLowerCase());
}
