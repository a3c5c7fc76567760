import type { Rank } from '../../../shared/ids.js';
import { linkContract } from './link-cases.js';
import { memoryLinkPair } from './memory-link.js';

linkContract('memory', async () => {
  const [a, b] = memoryLinkPair(0 as Rank, 1 as Rank);
  return { a, b, dispose: async () => undefined };
});
