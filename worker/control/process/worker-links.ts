/** The links of this process as its main thread needs them: under the address that peers dial. */
import type { LinksHost } from '../../collective/links/links-host.js';
import type { OpenLinks } from './run-worker.js';

/** @param address under which the peers reach them, which may be another one than they listen on */
export function workerLinks(host: LinksHost, address: string): OpenLinks {
  return {
    address,
    prepare: (request) => host.prepare(request),
    connect: (request) => host.connect(request),
    drop: (generation, reason) => host.drop(generation, reason),
    onTrouble: (listener) => host.onTrouble(listener),
    serve: (state) => host.serve(state),
    copy: (request) => host.copy(request),
    stats: () => host.stats(),
    traffic: async (generation) => {
      const { generations } = await host.stats();
      return generations.find((open) => open.generation === generation)?.links ?? [];
    },
    close: () => host.close(),
  };
}
