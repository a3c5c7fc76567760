/**
 * What the members tell each other about a step besides its gradients: a few numbers for each lane
 * and the wishes of each member. They travel as float32, like everything else on the links; counts
 * are exact up to 2^24.
 */
import { usersDigest } from '../../../shared/ledger/lane-users.js';
import type { LaneDigest } from '../../../shared/ledger/ledger-record.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import type { UserLaneResult } from '../../model/hllm.js';
import { addLanes, type Measures, type MeasureValues } from '../../model/objectives/measure.js';
import { digestFloats, digestOfFloats, floatsOfDigest } from './digest-floats.js';

/** A lane's numbers whatever the objective, in the order in which `packStatistics` writes them. */
const common = ['loss', 'sequences', 'distinctItems', 'itemTokens'] as const;

/** What a lane's result says once its gradients are part of a sum. */
export type LaneScores = Omit<UserLaneResult, 'dEmbeddings'>;

export interface StepStatistics extends Readonly<Record<(typeof common)[number], number>> {
  /** Each lane's share of the loss, in lane order. */
  readonly laneLosses: readonly number[];
  /** Of whom each lane was trained on, as its owner had them, in lane order. */
  readonly laneDigests: readonly LaneDigest[];
  /** The objective's. */
  readonly measures: MeasureValues;
  /** True where any member was asked to stop: everyone reads the same, so everyone stops. */
  readonly stop: boolean;
  /** The greatest of all members: everyone reads the same, so everyone leaves for it. */
  readonly change: number;
}

/** What a member was asked for. */
export interface Wishes {
  readonly stop: boolean;
  /** The newest planned generation that it has heard of; 0 without one. */
  readonly change: number;
}

const wishFloats = 2;

export interface LaneStatistics {
  readonly plan: LanePlan;
  readonly result: LaneScores;
  /** Of the texts that the lane encoded. */
  readonly tokens: number;
}

/** How many floats a member with `lanes` lanes sends. */
export const statisticsLength = (lanes: number, measures: Measures): number =>
  lanes * laneFloats(measures) + wishFloats;

/** Writes a member's statistics. `lanes` is in lane order. */
export function packStatistics(
  into: Float32Array,
  measures: Measures,
  lanes: readonly LaneStatistics[],
  { stop, change }: Wishes,
): void {
  const names = Object.keys(measures);
  lanes.forEach(({ plan, result, tokens }, index) => {
    const own = names.map((name) => result.measures[name] as number);
    const numbers = [result.loss, plan.users.length, plan.items.length, tokens];
    const digest = floatsOfDigest(usersDigest(plan.users));
    into.set([...numbers, ...digest, ...own], index * laneFloats(measures));
  });
  into.set([stop ? 1 : 0, change], lanes.length * laneFloats(measures));
}

/** Adds up the members' parts, in lane order, in double precision. */
export function unpackStatistics(
  parts: readonly Float32Array[],
  measures: Measures,
): StepStatistics {
  const width = laneFloats(measures);
  const lanes = parts.flatMap((part) =>
    Array.from({ length: (part.length - wishFloats) / width }, (_, lane) =>
      part.subarray(lane * width, (lane + 1) * width),
    ),
  );
  const sum = (field: (typeof common)[number]): number =>
    lanes.reduce((total, lane) => total + (lane[common.indexOf(field)] as number), 0);
  const own = (lane: Float32Array): MeasureValues =>
    Object.fromEntries(
      Object.keys(measures).map((name, index) => [name, lane[ownAt + index] as number]),
    );
  return {
    laneLosses: lanes.map((lane) => lane[0] as number),
    laneDigests: lanes.map((lane) => ({
      users: lane[common.indexOf('sequences')] as number,
      digest: digestOfFloats(lane.subarray(common.length, ownAt)),
    })),
    loss: sum('loss'),
    sequences: sum('sequences'),
    distinctItems: sum('distinctItems'),
    itemTokens: sum('itemTokens'),
    measures: addLanes(measures, lanes.map(own)),
    stop: parts.some((part) => part.at(-wishFloats) !== 0),
    change: Math.max(...parts.map((part) => part.at(-1) as number)),
  };
}

/** Where the objective's own numbers begin. */
const ownAt = common.length + digestFloats;

const laneFloats = (measures: Measures): number => ownAt + Object.keys(measures).length;
