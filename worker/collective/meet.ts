import type { Exchange } from './exchange.js';
import type { Tag } from './tag.js';
import { tellAll } from './tell-all.js';

/** Settles once every member has come here: what each did before is then done for all. */
export async function meet(exchange: Exchange, tag: Tag): Promise<void> {
  await tellAll(exchange, tag, [0]);
}
