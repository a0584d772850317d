import { check } from './check.js';

// The whole page: what the test calls from outside.
Object.assign(globalThis, { check });
