import type { Engine, EngineOptions } from '../engine.js';
import { EngineUnavailableError } from '../engine-unavailable-error.js';

export function openTorch(_options: EngineOptions): Engine {
  throw new EngineUnavailableError('torch', 'the addon is not built', 'run `npm run setup`');
}
