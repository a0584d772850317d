/** A URL, with whatever it has of users, passwords and keys. */
const URL_TEXT = /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'`<>]+/gi;
/** What a resolver was asked for, as Node.js says it. */
const LOOKUP = /\b((?:getaddrinfo|queryA{1,4}) [A-Z_]+) \S+/g;
const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]*\w)/g;
/** With `::`, or whole; the port follows a bracket or, as in errors of Node.js, a colon. */
const IPV6 =
  /\[[0-9a-f:.]{0,60}:[0-9a-f:.]{0,60}(?:%\w{1,20})?\](?::\d{1,5})?|(?<![\w:.])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:.]{2,60}(?![\w:])/gi;
/** A name with a port; the last part of what goes before the colon has a letter. */
const HOST_PORT = /(?<![\w.:/-])(?=[\w.-]*[a-z])[a-z0-9_](?:[\w.-]{0,252}\w)?:\d{2,5}(?!\w|:\w)/gi;
/** An absolute path of two parts at least; parts of our own API and of those that sources serve are no files. */
const FILE =
  /(?<![\w/.-])(?:[a-z]:)?[\\/](?!v\d\/|eth\/|rest\/|api\/)[^\s"'`\\/:,;()]+(?:[\\/][^\s"'`\\/:,;()]+)+[\\/]?/gi;

const ADDRESS = '(address)';

/**
 * A text about something that failed here, for people elsewhere: without URLs, IP addresses, names with ports and paths of
 * files, whoever wrote it. Sources and nodes are named in such texts by what the configuration calls them; where they are is
 * for the log.
 */
export function publicText(text: string): string {
  return text
    .replace(URL_TEXT, ADDRESS)
    .replace(LOOKUP, `$1 ${ADDRESS}`)
    .replace(IPV6, ADDRESS)
    .replace(IPV4, ADDRESS)
    .replace(HOST_PORT, ADDRESS)
    .replace(FILE, '(file)');
}

/** The same for every text in plain data. */
export function publicData(value: unknown): unknown {
  if (typeof value === 'string') return publicText(value);
  if (Array.isArray(value)) return value.map(publicData);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, publicData(inner)]));
}
