import type { Action } from '../../data/api.js';

/** As names of workers are bounded wherever they travel. */
const workerNameMax = 128;

/** Null for what is no action. */
export function readAction(fields: Readonly<Record<string, unknown>> | null): Action | null {
  const { kind, worker } = fields ?? {};
  switch (kind) {
    case 'pause':
    case 'go-on':
    case 'checkpoint':
    case 'stop':
      return { kind };
    case 'drain': {
      const isName = typeof worker === 'string' && worker !== '' && worker.length <= workerNameMax;
      return isName ? { kind, worker } : null;
    }
    default:
      return null;
  }
}
