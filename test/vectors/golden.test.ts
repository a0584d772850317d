import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { goldenVectors } from './golden.js';

describe('golden vectors', () => {
  it('are what the code writes today: a difference breaks proofs that exist', () => {
    const file = fileURLToPath(new URL('./golden.json', import.meta.url));
    expect(goldenVectors()).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });
});
