/** Given to node with `--import`, before anything imports tfjs-core. */
import { createRequire, register } from 'node:module';

// tfjs-core's files call it as if they were still CommonJS.
Object.assign(globalThis, { require: createRequire(import.meta.url) });
register('./one-tfjs-core.js', import.meta.url);
