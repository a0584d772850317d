const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Text as a string literal of ClickHouse's SQL. */
export function escapeLiteral(text: string): string {
  return `'${text.replace(/[\\'\0\n\r\t]/g, (one) => ESCAPES[one] ?? one)}'`;
}
