import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from './errors.js';

/** Longest secret, in characters. */
const MAX_SECRET = 65_536;
/** Nesting that no configuration has. */
const MAX_DEPTH = 32;

/**
 * Puts texts that are kept elsewhere into a configuration: `{"env": "NAME"}` is the environment variable's value, `{"file":
 * "path"}` the file's content without the end of its last line. The path is relative to the configuration's folder.
 * @param where the configuration file, for errors, which never tell a secret
 * @throws ConfigError naming the setting, where the variable is not set or the file cannot be read
 */
export async function withSecrets(
  value: unknown,
  folder: string,
  where: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<unknown> {
  const read = async (json: unknown, path: string, depth: number): Promise<unknown> => {
    if (typeof json !== 'object' || json === null) return json;
    if (depth > MAX_DEPTH) throw new ConfigError(where, `${path.slice(0, 80)}: is nested too deeply`);
    if (Array.isArray(json))
      return Promise.all(json.map((item, i) => read(item, `${path}[${i}]`, depth + 1)));
    const entries = Object.entries(json);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined && typeof only[1] === 'string') {
      if (only[0] === 'env') return fromEnvironment(only[1], path);
      if (only[0] === 'file') return fromFile(only[1], path);
    }
    const resolved = entries.map(async ([key, item]) => [
      key,
      await read(item, path === '' ? key : `${path}.${key}`, depth + 1),
    ]);
    return Object.fromEntries(await Promise.all(resolved));
  };
  const fromEnvironment = (name: string, path: string): string => {
    const text = environment[name];
    if (text === undefined)
      throw new ConfigError(where, `${path}: the environment variable ${name} is not set`);
    return text;
  };
  const fromFile = async (name: string, path: string): Promise<string> => {
    let text: string;
    try {
      text = await readFile(resolve(folder, name), 'utf8');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConfigError(where, `${path}: cannot be read (${reason})`, error);
    }
    if (text.length > MAX_SECRET)
      throw new ConfigError(where, `${path}: is longer than ${MAX_SECRET} characters`);
    return text.replace(/\r?\n$/, '');
  };
  return read(value, '', 0);
}
