/**
 * Deals things to lanes so that every lane has about the same cost: the dearest first, each to the
 * lane that has least so far (Graham's longest processing time rule). The dearest lane then exceeds
 * the mean by less than the cost of one thing.
 */

export interface Dealt {
  /** Indices of things: lane v has members[offsets[v]..offsets[v+1]), cheapest first. */
  readonly members: Int32Array;
  /** [lanes+1] */
  readonly offsets: Int32Array;
}

/**
 * @param costs of the things, in ascending order; whoever is first among equals stays first.
 */
export function dealByCost(costs: Int32Array, lanes: number): Dealt {
  const laneOf = new Int32Array(costs.length);
  const loads = new Float64Array(lanes);
  const offsets = new Int32Array(lanes + 1);
  for (let thing = costs.length - 1; thing >= 0; thing--) {
    const lane = leastLoaded(loads);
    laneOf[thing] = lane;
    loads[lane] = (loads[lane] as number) + (costs[thing] as number);
    offsets[lane + 1] = (offsets[lane + 1] as number) + 1;
  }
  for (let lane = 0; lane < lanes; lane++) {
    offsets[lane + 1] = (offsets[lane + 1] as number) + (offsets[lane] as number);
  }
  return { members: grouped(laneOf, offsets), offsets };
}

/** The first of the lanes with the smallest load. A job has few lanes: a heap would be slower. */
function leastLoaded(loads: Float64Array): number {
  let best = 0;
  let least = loads[0] as number;
  for (let lane = 1; lane < loads.length; lane++) {
    const load = loads[lane] as number;
    if (load < least) {
      least = load;
      best = lane;
    }
  }
  return best;
}

function grouped(laneOf: Int32Array, offsets: Int32Array): Int32Array {
  const members = new Int32Array(laneOf.length);
  const next = offsets.slice();
  for (let thing = 0; thing < laneOf.length; thing++) {
    const lane = laneOf[thing] as number;
    const at = next[lane] as number;
    members[at] = thing;
    next[lane] = at + 1;
  }
  return members;
}
