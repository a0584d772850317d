import { Exceptions, ServerException } from './exception.js';

/** Most fields of one form. */
const MAX_FIELDS = 1000;

/**
 * Fields of a `multipart/form-data` body (RFC 7578). Files, with which ClickHouse makes temporary tables, are refused.
 * @throws ServerException
 */
export function parseMultipart(contentType: string, body: Buffer): Map<string, string> {
  const boundary = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) throw malformed('no boundary');
  const fields = new Map<string, string>();
  const text = body.toString('latin1');
  const delimiter = `--${mark}`;
  if (!text.startsWith(delimiter)) throw malformed('no first boundary');
  for (let at = delimiter.length; !text.startsWith('--', at); ) {
    const headersEnd = text.indexOf('\r\n\r\n', at);
    const end = text.indexOf(`\r\n${delimiter}`, headersEnd);
    if (headersEnd === -1 || end === -1) throw malformed('a part does not end');
    const headers = text.slice(at, headersEnd);
    const name = /;\s*name="([^"\r\n]{1,200})"/i.exec(headers)?.[1];
    if (name === undefined) throw malformed('a part has no name');
    if (/;\s*filename=/i.test(headers))
      throw new ServerException(Exceptions.NOT_IMPLEMENTED, 'External tables are not supported');
    if (fields.size >= MAX_FIELDS) throw malformed('too many parts');
    const value = text.slice(headersEnd + 4, end);
    fields.set(Buffer.from(name, 'latin1').toString('utf8'), Buffer.from(value, 'latin1').toString('utf8'));
    at = end + 2 + delimiter.length;
  }
  return fields;
}

function malformed(problem: string): ServerException {
  return new ServerException(Exceptions.BAD_ARGUMENTS, `Cannot read the form: ${problem}`);
}
