import { callTargets } from './callTargets.js';
import { messageTargets } from './messageTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('main chain', [...messageTargets, ...callTargets]);
