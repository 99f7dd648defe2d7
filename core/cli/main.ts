#!/usr/bin/env node
import { useCompileCache } from './compile-cache.ts';

// The rest is loaded after this, so that the cache serves it.
useCompileCache();
const { run } = await import('./run.ts');
process.exit(await run(process.argv.slice(2)));
