// Checks the Markdown pages: links lead to files and headings; npm scripts, CLI commands, source files and API paths that they name exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'examples/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((f) => f.endsWith('.md'))
    .map((f) => `docs/${f}`),
];
const commandLine = readFileSync(join(root, 'cli', 'main.ts'), 'utf8');
const commands = new Set(
  [...commandLine.matchAll(/(?:\badd\(\s*root,\s*|\brole\(|\broot\.command\()'(\w+)'/g)].map(
    ([, name]) => name,
  ),
);
const files = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|dist$|data$)/.test(entry.name))
  .flatMap(({ name }) => readdirSync(join(root, name), { recursive: true }).map((path) => join(name, path)));
const problems = [];

/** Anchors of a page's headings, as GitHub makes them. */
function anchors(page) {
  const text = readFileSync(join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

/** Paths of the API as its sources write them, parameters as `*`. */
const routes = [...readSources(join(root, 'relay', 'api'))].map((path) =>
  path.replace(/^\$\{CHAIN\}/, '/v1/index/chains/*').replace(/\{\w+\}|:\w+/g, '*'),
);

function* readSources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* readSources(path);
    else if (/(?<!\.test)\.ts$/.test(entry.name)) {
      for (const [, found] of readFileSync(path, 'utf8').matchAll(/['`]((?:\/v1|\$\{CHAIN\})\/[^'`?]*)['`]/g))
        yield found;
    }
  }
}

/** Whether the API has a path, in which parameters may stand in any spelling. */
function isRoute(path) {
  const parts = path.split('/');
  return routes.some((route) => {
    const wanted = route.split('/');
    return wanted.length === parts.length && wanted.every((part, i) => part === '*' || part === parts[i]);
  });
}

for (const page of pages) {
  const text = readFileSync(join(root, page), 'utf8');
  for (const [, target, anchor] of text.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const file = target === '' ? page : normalize(join(dirname(page), target));
    if (!existsSync(join(root, file))) problems.push(`${page}: link to ${target} leads nowhere`);
    else if (anchor !== undefined && !anchors(file).includes(anchor))
      problems.push(`${page}: ${file} has no heading #${anchor}`);
  }
  for (const [, path] of text.matchAll(/`([\w/.-]+\.(?:ts|mjs|sol))`/g)) {
    if (!files.some((file) => file === path || file.endsWith(`/${path}`)))
      problems.push(`${page}: there is no file ${path}`);
  }
  for (const [, script] of text.matchAll(/npm run ([a-z:-]+)/g)) {
    if (scripts[script] === undefined) problems.push(`${page}: npm run ${script} does not exist`);
  }
  for (const [, command] of text.matchAll(/(?:npx |`)crossroot ([a-z]+)/g)) {
    if (!commands.has(command)) problems.push(`${page}: crossroot ${command} does not exist`);
  }
  for (const [, path] of text.matchAll(/(\/v1\/[\w/{}:.…-]+)/g)) {
    if (!path.includes('…') && !isRoute(path)) problems.push(`${page}: the API has no path ${path}`);
  }
  if (text.includes('\t')) problems.push(`${page}: holds a tab`);
}
for (const problem of problems) console.error(problem);
console.log(`${pages.length} pages checked, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
