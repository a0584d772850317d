import { describe } from 'vitest';
import { ethereumSourceSuite } from '../conformance/ethereumSource.js';
import { findGeth, gethNode } from '../support/ethereumNodes.js';

const binary = findGeth();
if (binary === undefined) console.warn('geth is not on PATH, in $GOPATH/bin or in ~/go/bin: skipped');

describe.skipIf(binary === undefined)('a client of its own', () => {
  ethereumSourceSuite('geth', () => gethNode(binary ?? ''));
});
