#!/usr/bin/env node
// The command as users call it; the program itself is compiled from cli/main.ts.
import { existsSync } from 'node:fs';

const program = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(program)) {
  console.error('Cannot start lockstep: it has not been built yet: run "npm run setup" first');
  process.exit(2);
}
await import(program.href);
