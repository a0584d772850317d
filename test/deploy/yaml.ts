/** What a file of the deployment holds. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

interface Line {
  readonly indent: number;
  readonly text: string;
}

/**
 * Reads the YAML that the deployment's files are written in: block maps and lists, `[a, b]` of scalars, plain, 'single'
 * and "double" quoted scalars (without escapes), comments on their own lines, anchors of maps, aliases, `<<: *anchor`.
 * @throws SyntaxError for anything else, a key given twice included
 */
export function readYaml(text: string): Value {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .map((line) => ({ indent: line.length - line.trimStart().length, text: line.trim() }));
  const reader = new Reader(lines);
  const value = reader.block(0);
  reader.end();
  return value;
}

class Reader {
  #at = 0;
  readonly #lines: Line[];
  readonly #anchors = new Map<string, Value>();

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  end(): void {
    const line = this.#lines[this.#at];
    if (line !== undefined) throw new SyntaxError(`YAML: unexpected ${line.text}`);
  }

  block(indent: number): Value {
    return this.#lines[this.#at]?.text.startsWith('- ') === true ? this.#list(indent) : this.#map(indent);
  }

  #list(indent: number): Value {
    const items: Value[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent && line.text.startsWith('- '); ) {
      const rest = line.text.slice(2);
      if (ENTRY.test(rest) && !isQuoted(rest)) {
        this.#lines[this.#at] = { indent: indent + 2, text: rest };
        items.push(this.#map(indent + 2));
      } else {
        this.#at++;
        items.push(this.#scalar(rest));
      }
      line = this.#lines[this.#at];
    }
    return items;
  }

  #map(indent: number): Value {
    const map: Record<string, Value> = {};
    const merged: Record<string, Value> = {};
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const [, key, rest] = ENTRY.exec(line.text) ?? [];
      if (key === undefined || rest === undefined) throw new SyntaxError(`YAML: no entry: ${line.text}`);
      if (key in map) throw new SyntaxError(`YAML: ${key} is given twice`);
      this.#at++;
      const anchor = /^&([a-z-]+)$/.exec(rest.trim())?.[1];
      const value =
        rest.trim() === '' || anchor !== undefined ? this.#below(indent) : this.#scalar(rest.trim());
      if (anchor !== undefined) this.#anchors.set(anchor, value);
      if (key === '<<') Object.assign(merged, value);
      else map[key] = value;
    }
    return { ...merged, ...map };
  }

  #below(indent: number): Value {
    const line = this.#lines[this.#at];
    return line !== undefined &&
      (line.indent > indent || (line.indent === indent && line.text.startsWith('- ')))
      ? this.block(line.indent)
      : null;
  }

  #scalar(text: string): Value {
    if (isQuoted(text)) return text.slice(1, -1).replaceAll("''", "'");
    if (text.startsWith('[')) return flowItems(text).map((item) => this.#scalar(item));
    if (text.startsWith('*')) {
      const value = this.#anchors.get(text.slice(1));
      if (value === undefined) throw new SyntaxError(`YAML: no anchor ${text}`);
      return value;
    }
    if (/^[&!|>{%@`]|\s#|:\s/.test(text)) throw new SyntaxError(`YAML: not read here: ${text}`);
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    return text === 'true' || text === 'false' ? text === 'true' : text;
  }
}

const ENTRY = /^([A-Za-z0-9_<.-]+):((?: .*)?)$/;

function isQuoted(text: string): boolean {
  return /^'(?:[^']|'')*'$|^"[^"\\]*"$/.test(text);
}

function flowItems(text: string): string[] {
  const inner = /^\[(.*)\]$/.exec(text)?.[1];
  const items = inner?.split(/,(?=(?:[^']*'[^']*')*[^']*$)/).map((item) => item.trim());
  if (items === undefined || items.some((item) => !isQuoted(item) && /['"[\]{}]|^$/.test(item)))
    throw new SyntaxError(`YAML: not read here: ${text}`);
  return items;
}
