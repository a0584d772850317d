import { readFileSync } from 'node:fs';

/** Version of the package, from its own package.json (one folder above `dist/`). */
export const version: string = (() => {
  const { version: found } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  return found;
})();
