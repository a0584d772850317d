import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { goldenVectors } from './golden.js';

/** Writes the golden vectors anew. Only a new format version is a reason to. */
const file = fileURLToPath(new URL('./golden.json', import.meta.url));
mkdirSync(fileURLToPath(new URL('.', import.meta.url)), { recursive: true });
writeFileSync(file, `${JSON.stringify(goldenVectors(), undefined, 1)}\n`);
