import { ethereumProofTargets } from './ethereumProofTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('Ethereum proofs', ethereumProofTargets);
