#!/usr/bin/env node
import { prepare } from './bootstrap.mjs';

prepare();
await import('../dist/cli/main.js');
