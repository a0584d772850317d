import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { serveIndex } from '../../../test/support/index/serve.js';
import { fakeWorld } from '../../../test/support/index/world.js';
import { openApiDocument } from '../openapi.js';
import { indexRouteList } from './routes.js';

const PAGE = fileURLToPath(new URL('../../../docs/api.md', import.meta.url));
const EXAMPLE = /```http\nGET (\/v1\/index)(\S*)\n(?:\n([^`]*)\n)?```/g;

/** JSON in lines of at most 150 characters. */
function wrapped(text: string): string {
  const parts = text.split(/(?<=,)(?=["{[])/);
  const lines = [''];
  for (const part of parts) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + part.length > 150) lines.push(` ${part}`);
    else lines[lines.length - 1] = line + part;
  }
  return lines.join('\n');
}

// `DOCS=write vitest run relay/api/index/docs.test.ts` writes the answers anew.
it('the examples of the index on the page are what the code answers, and there is one of each route', async () => {
  const server = await serveIndex(fakeWorld());
  const page = readFileSync(PAGE, 'utf8');
  const answers = new Map<string, string>();
  const shown = new Set<string>();
  for (const [, , path = '', told] of page.matchAll(EXAMPLE)) {
    const { status, text, body } = await server.get(path);
    expect({ path, status }).toEqual({ path, status: 200 });
    answers.set(path, wrapped(text));
    const [bare = ''] = path.split('?');
    const route = indexRouteList.find(({ path: pattern }) =>
      new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(`/v1/index${bare}`),
    );
    shown.add(route?.id ?? path);
    if (process.env.DOCS !== 'write')
      expect({ path, told: JSON.parse(told ?? '0') }).toEqual({ path, told: body });
  }
  if (process.env.DOCS === 'write') {
    const written = page.replace(EXAMPLE, (_, base: string, path: string) => {
      return `\`\`\`http\nGET ${base}${path}\n\n${answers.get(path) ?? ''}\n\`\`\``;
    });
    writeFileSync(PAGE, written);
  }
  expect([...shown].sort()).toEqual(indexRouteList.map((route) => route.id).sort());
  await server.close();
});

it('the page names every path of the API, and no other', () => {
  const page = readFileSync(PAGE, 'utf8').replace(EXAMPLE, '');
  const named = [...page.matchAll(/`(\/[a-z/]+[^`\s]*)`/g)].flatMap(([, path]) => path ?? []);
  const paths = Object.keys(openApiDocument('1').paths ?? {});
  const rest = paths.filter((path) => !path.startsWith('/v1/index'));
  for (const path of named.filter((one) => one !== '/v1/index' && one !== '/latest'))
    expect(rest).toContain(path);
  expect(rest.filter((path) => !named.includes(path))).toEqual([]);
});
