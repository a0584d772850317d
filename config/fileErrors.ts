/** What the operating system says of a file, in words. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ENOSPC: 'no space is left on the disk',
  EROFS: 'the disk cannot be written',
};

/** What to do about it. */
const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'Let this user read and write there, or name another place.',
  EPERM: 'Let this user read and write there, or name another place.',
  EROFS: 'Name another place.',
  ENOTDIR: 'Name another place.',
  ENOSPC: 'Make room on that disk and start again: what was confirmed is kept.',
};

/** An error of the operating system about a file or folder, as a line and what to do; `undefined` for any other error. */
export function fileTrouble(
  error: unknown,
): { readonly message: string; readonly hint: string | undefined } | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const code = String(error.code);
  if (WORDS[code] === undefined) return undefined;
  const where = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : '';
  return { message: `${where}${fileReason(error)}`, hint: HINTS[code] };
}

/** Why a file could not be read or written, in a few words and without its path. */
export function fileReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return (code === undefined ? undefined : WORDS[code]) ?? code ?? error.message;
}
