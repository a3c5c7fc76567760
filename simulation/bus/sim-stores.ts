/** What lies on the server, as a client at a distance has it. */
import type { Bus, BusLog, BusObjects, BusStream, BusValues } from '../../shared/bus.js';
import type { Readers } from './readers.js';

/** The way to the server. */
export interface Distance {
  readonly readers: Readers;
  /** Does something there, and brings back what came of it. */
  request<Result>(work: (session: Bus) => Promise<Result>, store?: number): Promise<Result>;
}

export function simStream(bus: Distance, stream: BusStream): BusStream {
  return {
    publish: (subject, data, id) => {
      const sent = data.slice();
      return bus.request(() => stream.publish(subject, sent, id));
    },
    read: (filters, handler, behind) =>
      bus.readers.flow((hand) =>
        bus.request(() =>
          stream.read(filters, (data, subject) => hand(() => handler(data, subject)), behind),
        ),
      ),
    purge: (filter) => bus.request(() => stream.purge(filter)),
    remove: () => bus.request(() => stream.remove()),
  };
}

export function simLog(bus: Distance, log: BusLog): BusLog {
  return {
    append: (data, after) => {
      const sent = data.slice();
      return bus.request(() => log.append(sent, after));
    },
    read: (from, handler) =>
      bus.readers.flow((hand) =>
        bus.request(() => log.read(from, (data, sequence) => hand(() => handler(data, sequence)))),
      ),
    last: () => bus.request(() => log.last(), 0),
    retire: () => bus.request(() => log.retire()),
    remove: () => bus.request(() => log.remove()),
  };
}

export function simValues(bus: Distance, values: BusValues): BusValues {
  return {
    get: (key) => bus.request(() => values.get(key), 0),
    put: (key, data, revision) => {
      const sent = data.slice();
      return bus.request(() => values.put(key, sent, revision));
    },
    remove: (key, revision) => bus.request(() => values.remove(key, revision)),
    watch: (key, handler) =>
      bus.readers.flow((hand) =>
        bus.request(() => values.watch(key, (value) => hand(() => handler(value)))),
      ),
  };
}

/** Large files go over in one piece: nothing of the control plane depends on their parts. */
export function simObjects(bus: Distance, objects: BusObjects): BusObjects {
  return {
    put: async (name, chunks) => {
      const whole: Uint8Array[] = [];
      for await (const chunk of chunks) whole.push(chunk.slice());
      const again = async function* () {
        yield* whole;
      };
      await bus.request(() => objects.put(name, again()));
    },
    get: (name) => bus.request(() => objects.get(name), 0),
    remove: () => bus.request(() => objects.remove()),
  };
}
