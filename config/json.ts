import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { ConfigError } from './errors.js';
import { fileReason } from './fileErrors.js';

/** Largest configuration, checkpoint or trust file read, in bytes. */
const MAX_FILE = 2 ** 22;

/** @throws ConfigError if the file cannot be read or is not JSON */
export async function readJsonFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigError(path, `cannot be read (${fileReason(error)})`, error);
  }
  if (text.length > MAX_FILE) throw new ConfigError(path, `is larger than ${MAX_FILE} bytes`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(
      path,
      `is not JSON (${error instanceof Error ? error.message : String(error)})`,
      error,
    );
  }
}

/** @throws ConfigError naming the first setting that is wrong: `chains[0].policy: …` */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues);
  throw new ConfigError(
    where,
    issue === undefined ? 'is not valid' : `${pathOf(issue.path)}${issue.message}`,
    result.error,
  );
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The first issue; of alternatives that all failed, that of the one that got furthest. */
function deepest(issues: readonly z.core.$ZodIssue[]): Issue | undefined {
  const [first] = issues;
  if (first?.code !== 'invalid_union') return first;
  const inner = first.errors
    .map((branch) => deepest(branch))
    .filter((issue) => issue !== undefined)
    .sort((a, b) => b.path.length - a.path.length)[0];
  return inner === undefined ? first : { path: [...first.path, ...inner.path], message: inner.message };
}

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text === '' ? '' : `${text.replace(/^\./, '')}: `;
}
