import { consensusTargets } from './consensusTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('consensus', consensusTargets);
