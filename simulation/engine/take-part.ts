/** A member's part in one generation: steps among its members, and what follows each of them. */

import { comparePositions, type Position, positionText } from '../../shared/membership/position.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import type { Entry, Fact } from '../../worker/training/messages.js';
import type { SimGeneration } from '../links/sim-generation.js';
import type { TinyTrainingParts } from './tiny-parts.js';
import { tinyReport } from './tiny-report.js';
import {
  addLane,
  commitStep,
  copyOf,
  digestOf,
  positionOf,
  rollBack,
  type TinyState,
  wordCount,
} from './tiny-state.js';

export interface Membership {
  readonly entry: Entry;
  readonly state: TinyState;
  readonly parts: TinyTrainingParts;
  readonly lanes: readonly number[];
  /** Null where this member is the only one. */
  readonly exchange: SimGeneration | null;
  isAborted: boolean;
  /** All is trained and told: whoever is planned next may have this member. */
  isDone: boolean;
  readonly release: (how: 'change' | 'abort') => void;
  readonly released: Promise<'change' | 'abort'>;
  readonly giveUp: (error: Error) => void;
  readonly wishes: () => { readonly stop: boolean; readonly change: number };
  readonly tell: (fact: Fact) => void;
  /** The state is whole for a moment. */
  readonly boundary: () => void;
  /** Committed steps of which somebody wants a checkpoint at least. */
  readonly wish: () => number | null;
  readonly wishSeenTo: () => void;
  /** The wait, or the end of the membership where that comes first. */
  readonly orEnd: <Result>(wait: Promise<Result>) => Promise<Result>;
  readonly sleep: (delay: number) => Promise<void>;
  readonly plansOf: (step: number) => Promise<LanePlan[]>;
  readonly forget: (before: number) => void;
}

/** Members were sent into a generation with different states: none of them may train. */
export class MembersApartError extends Error {
  override readonly name = 'MembersApartError';
  readonly code = 'MEMBERS_DIFFER';
}

interface Part {
  readonly sums: Uint32Array;
  readonly lanes: readonly (readonly [lane: number, users: readonly number[]])[];
  readonly stop: boolean;
  readonly change: number;
}

/** @throws what ended it early: trouble with a peer, or a defect */
export async function takePart(member: Membership): Promise<'change' | 'abort'> {
  const { state, parts, entry } = member;
  const { totalSteps } = parts.job;
  let change = 0;
  await muster(member);
  if (state.pending !== null) await follow(member);
  while (!state.stopping && state.committedSteps < totalSteps && change <= entry.generation) {
    change = Math.max(change, await oneStep(member));
    await follow(member);
  }
  if (change > entry.generation) return 'change';
  return finish(member);
}

async function muster(member: Membership): Promise<void> {
  const { state } = member;
  const own = { position: positionOf(state), stopping: state.stopping };
  const told = (await gather(member, 'muster', own)) as { position: Position; stopping: boolean }[];
  for (const [rank, { position, stopping }] of told.entries()) {
    if (comparePositions(position, own.position) !== 0) {
      throw new MembersApartError(
        `Cannot train together: this member holds the state of ${positionText(own.position)}: ` +
          `rank ${rank} holds that of ${positionText(position)}`,
      );
    }
    state.stopping ||= stopping;
  }
}

/** @returns the newest planned generation that anyone has heard of */
async function oneStep(member: Membership): Promise<number> {
  const { state, parts, lanes } = member;
  const { job, process, random } = parts;
  const at = state.committedSteps;
  member.boundary();
  const plans = await member.plansOf(at);
  const began = process.clock.now();
  const share = (lanes.length / job.lanes) * job.stepTime;
  await member.sleep(share * (0.9 + 0.2 * random.uniform()));
  const computed = process.clock.now();
  const sums = new Uint32Array(wordCount);
  for (const plan of plans) addLane(sums, state, plan);
  const own: Part = {
    sums,
    lanes: plans.map(({ lane, users }) => [lane, [...users]]),
    ...member.wishes(),
  };
  const all = (await gather(member, `step ${at}`, own)) as Part[];
  commitStep(state, sumOf(all));
  state.stopping = all.some(({ stop }) => stop) && state.committedSteps < job.totalSteps;
  const waited = (process.clock.now() - computed) / 1000;
  const seconds = Math.max(0, (computed - began) / 1000);
  const ofLanes = all.flatMap((part) => part.lanes).sort(([a], [b]) => a - b);
  const report = tinyReport(
    at,
    state,
    ofLanes.map(([, users]) => users),
    seconds,
    Math.max(0, waited),
  );
  member.tell({ kind: 'committed', report });
  member.forget(state.committedSteps);
  return Math.max(...all.map((part) => part.change));
}

function sumOf(parts: readonly Part[]): Uint32Array {
  const total = new Uint32Array(wordCount);
  for (const { sums } of parts) {
    for (let word = 0; word < wordCount; word++) {
      total[word] = (total[word] as number) + (sums[word] as number);
    }
  }
  return total;
}

async function follow(member: Membership): Promise<void> {
  const { state, parts } = member;
  const { checkpointEvery, collapses, evaluateEvery, seed, totalSteps } = parts.job;
  const { committedSteps } = state;
  if (state.pending === 'look' && collapses.includes(committedSteps)) {
    await gather(member, `guard ${committedSteps}`, null);
    rollBack(state, seed);
    member.tell({
      kind: 'rolled-back',
      committedSteps,
      collapses: state.collapses,
      rolledBackTo: 0,
      reason: 'the loss rose',
      falseNegatives: 'none',
      learningRate: 0.001,
    });
  }
  const isEvaluated = evaluateEvery !== null && committedSteps % evaluateEvery === 0;
  if (isEvaluated) {
    await member.sleep(parts.job.stepTime * parts.random.uniform());
    await gather(member, `evaluation ${committedSteps}.${state.collapses}`, null);
  }
  state.pending = null;
  if (isEvaluated) member.tell({ kind: 'validated', committedSteps, results: [], best: null });
  member.boundary();
  const isDue = committedSteps % checkpointEvery === 0;
  if (isDue || state.stopping || committedSteps === totalSteps) writeCheckpoint(member);
  else writeWished(member);
}

export function writeWished(member: Membership): void {
  const { state, wish, wishSeenTo } = member;
  const steps = wish();
  if (steps === null || state.pending !== null || state.committedSteps < steps) return;
  wishSeenTo();
  writeCheckpoint(member);
}

/** While training goes on: it may be seen after the generation is over, or be refused then. */
function writeCheckpoint({ entry, parts, state, tell }: Membership): void {
  if (!entry.writes) return;
  const { disk, mayPublish, process, random, watch } = parts;
  const copy = copyOf(state);
  process.after(1 + random.uniform() * 80 * process.slowness, () => {
    if (!mayPublish()) return;
    const { committedSteps, path } = disk.write(copy);
    watch.published(process, entry.generation, committedSteps, digestOf(copy));
    tell({ kind: 'checkpointed', committedSteps, path, seconds: 0.05 });
  });
}

async function finish(member: Membership): Promise<'change' | 'abort'> {
  const { entry, parts, state, tell } = member;
  const { committedSteps } = state;
  const stopped = state.stopping;
  if (!stopped) {
    await member.sleep(parts.job.stepTime * parts.random.uniform());
    await gather(member, 'last evaluation', null);
    tell({ kind: 'evaluated', committedSteps, results: [] });
  }
  tell({
    kind: 'finished',
    committedSteps,
    finalLoss: 0.5,
    weightsSha256: digestOf(state),
    stopped,
    endedEarly: false,
    stage: null,
    best: null,
    checkpoint: parts.disk.newest(committedSteps)?.path ?? null,
  });
  member.isDone = true;
  member.boundary();
  if (member.wishes().change > entry.generation) return 'change';
  return member.released;
}

async function gather(member: Membership, tag: string, part: unknown): Promise<unknown[]> {
  const { exchange } = member;
  return exchange === null ? [part] : member.orEnd(exchange.gather(tag, part));
}
