/** What a step file of the consensus specification's tests holds. */
export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

/**
 * Reads the part of YAML in which the consensus specification's test vectors are written: block lists and maps by
 * indentation, plain and quoted scalars, `{a: b}` of scalars (also over several lines). Anything else is an error.
 */
export function readYaml(text: string): Yaml {
  const lines = text
    .replaceAll(/,\s*\n\s*/g, ', ')
    .split('\n')
    .map((line) => line.replace(/\s+#.*$|^#.*$/, '').trimEnd())
    .filter((line) => line.trim() !== '' && line !== '---')
    .map((line) => ({ indent: line.length - line.trimStart().length, text: line.trimStart() }));
  const reader = new Reader(lines);
  const [first] = lines;
  const flow = first?.text.startsWith('{') === true && lines.length === 1 ? scalar(first.text) : undefined;
  if (flow !== undefined) return flow;
  const value = first === undefined ? null : reader.block(first.indent);
  reader.end();
  return value;
}

class Reader {
  #at = 0;
  constructor(readonly lines: Line[]) {}

  end(): void {
    const line = this.lines[this.#at];
    if (line !== undefined) throw new SyntaxError(`YAML: unexpected ${line.text}`);
  }

  block(indent: number): Yaml {
    return this.lines[this.#at]?.text.startsWith('- ') === true ? this.#list(indent) : this.#map(indent);
  }

  #list(indent: number): Yaml {
    const items: Yaml[] = [];
    for (let line = this.lines[this.#at]; line?.indent === indent && line.text.startsWith('- '); ) {
      const rest = line.text.slice(2);
      if (isEntry(rest)) {
        this.lines[this.#at] = { indent: indent + 2, text: rest };
        items.push(this.#map(indent + 2));
      } else {
        this.#at++;
        items.push(scalar(rest));
      }
      line = this.lines[this.#at];
    }
    return items;
  }

  #map(indent: number): Yaml {
    const map: Record<string, Yaml> = {};
    for (let line = this.lines[this.#at]; line?.indent === indent; line = this.lines[this.#at]) {
      const colon = line.text.indexOf(':');
      if (!isEntry(line.text)) throw new SyntaxError(`YAML: no entry: ${line.text}`);
      const rest = line.text.slice(colon + 1).trim();
      this.#at++;
      const below = this.lines[this.#at];
      if (rest !== '') map[line.text.slice(0, colon)] = scalar(rest);
      else if (below !== undefined && (below.indent > indent || below.text.startsWith('- ')))
        map[line.text.slice(0, colon)] = this.block(below.indent);
      else map[line.text.slice(0, colon)] = null;
    }
    return map;
  }
}

function isEntry(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*:( |$)/.test(text);
}

function scalar(text: string): Yaml {
  if (/^'[^']*'$|^"[^"\\]*"$/.test(text)) return text.slice(1, -1);
  if (/^-?[0-9]{1,15}$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  const flow = /^\{(.*)\}$/.exec(text)?.[1];
  if (flow !== undefined) {
    const entries = flow.split(',').map((part): [string, Yaml] => {
      const colon = part.indexOf(':');
      return [part.slice(0, colon).trim(), scalar(part.slice(colon + 1).trim())];
    });
    return Object.fromEntries(entries);
  }
  return text;
}
