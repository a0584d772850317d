import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compilePaymentLog, renderArtifact } from './compile.js';

const file = new URL('./PaymentLog.generated.ts', import.meta.url);
const squeezed = (text: string) => text.replace(/[\s'",]/g, '');

/** UPDATE_CONTRACTS=1 writes the file anew. */
it('the committed bytecode and ABI are what the compiler makes of the source', () => {
  const text = renderArtifact(compilePaymentLog());
  if (process.env.UPDATE_CONTRACTS === '1') writeFileSync(file, text);
  expect(existsSync(file)).toBe(true);
  // The formatter may break lines and change quotes; nothing else.
  expect(squeezed(readFileSync(file, 'utf8'))).toBe(squeezed(text));
});
