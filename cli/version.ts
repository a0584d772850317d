import { existsSync, readFileSync } from 'node:fs';

/** This package's version. */
export const version: string = (() => {
  // One folder up from the source, two from what is built of it.
  const places = ['../package.json', '../../package.json'].map((path) => new URL(path, import.meta.url));
  const place = places.find((url) => existsSync(url));
  if (place === undefined) throw new Error('package.json is not where it belongs');
  const { version: found } = JSON.parse(readFileSync(place, 'utf8')) as { version: string };
  return found;
})();
