import { fileTargets } from './fileTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('files', fileTargets);
