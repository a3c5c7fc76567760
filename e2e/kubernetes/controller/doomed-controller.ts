/**
 * The controller's own program, in a process that kills itself: told when by its parent, at the n-th request
 * that changes something, before it is sent, after it, or when its answer comes. It loads everything first
 * and begins when it is told, so that the next one is ready when the one before is dead.
 */
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

export interface Doom {
  /** Of the requests that change something. */
  readonly atRequest: number;
  readonly when: 'before' | 'sent' | 'answered';
  /** Whatever happens by then. */
  readonly afterMs: number;
}

const die = (): void => void process.kill(process.pid, 'SIGKILL');

function arm({ afterMs, atRequest, when }: Doom): void {
  setTimeout(die, afterMs);
  const { request } = https;
  let count = 0;
  const doomed = (...words: unknown[]): unknown => {
    const options = words.find((word) => typeof (word as { method?: unknown }).method === 'string');
    const method = (options as { method?: string } | undefined)?.method ?? 'GET';
    // The lease is renewed with PUT, whenever.
    const isChange = method !== 'GET' && method !== 'PUT';
    if (!isChange || ++count !== atRequest) return Reflect.apply(request, https, words);
    if (when === 'before') die();
    const sending = Reflect.apply(request, https, words) as import('node:http').ClientRequest;
    if (when === 'sent') sending.once('finish', die);
    else sending.once('response', die);
    return sending;
  };
  https.request = doomed as typeof https.request;
  syncBuiltinESMExports();
}

// Loaded by now, with all that the controller needs.
await import('../../../k8s/controller/run-controller.js');
process.once('message', (doom: Doom) => {
  process.disconnect?.();
  arm(doom);
  void import('../../../k8s/controller/main.js');
});
process.send?.('ready');
