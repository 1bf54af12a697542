#!/usr/bin/env node
import { runSources } from '@stasis/runtime/run-sources';

await runSources(new URL('../src/main.ts', import.meta.url), new URL(import.meta.url));
