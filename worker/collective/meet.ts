import type { Exchange } from './exchange.js';
import type { Tag } from './tag.js';

/** Settles once every member has come here: what each did before is then done for all. */
export function meet(exchange: Exchange, tag: Tag): Promise<void> {
  const parts = Array.from(
    { length: exchange.size },
    () => new Float32Array(new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT)),
  );
  return exchange.allGather(tag, parts);
}
