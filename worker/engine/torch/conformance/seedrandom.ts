import { createRequire } from 'node:module';

/** The generator that tfjs-core asks seedrandom for, by name. */
export const { alea } = createRequire(import.meta.url)('seedrandom');
