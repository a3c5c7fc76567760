/**
 * For tests: the members of a run in one process, linked by real sockets, each with the training that
 * a worker's thread runs. Plans come from the planner, and nobody coordinates.
 */
import { openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { generation, rank, step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { JobPlanner } from '../../shared/plan/job-planner.js';
import { evenShares, lanesOf } from '../../shared/plan/lane-ownership.js';
import { lanePlan } from '../../shared/plan/plan.js';
import { millis } from '../../shared/units.js';
import { type LinksHost, startLinks } from '../../worker/collective/links/links-host.js';
import type { LinkStats } from '../../worker/collective/traffic.js';
import type { FromTraining } from '../../worker/training/messages.js';
import { Training } from '../../worker/training/run-training.js';

export interface MembersOptions {
  readonly job: TrainingJob;
  readonly datasetDirectory: string;
  readonly checkpointDirectory: string;
  /** As on hosts that share none: only the one that writes them sees checkpoints. */
  readonly ownFolders?: boolean;
  /** Of all members; null keeps nothing. */
  readonly cacheDirectory?: string | null;
  readonly members: number;
  /** A checkpoint's folder; null starts from the seed. */
  readonly resumeFrom?: string | null;
  /** Committed steps at which everyone is asked to stop. */
  readonly stopAfter?: number;
  /** Members that are asked to stop when this one has said this. */
  readonly stopWhen?: (message: FromTraining, member: number) => readonly number[];
  /** Hears at the end what went over a member's links. */
  readonly onTraffic?: (stats: LinkStats) => void;
}

/** What each member said, by rank. */
export async function trainMembers(options: MembersOptions): Promise<FromTraining[][]> {
  const { members } = options;
  const all = new Map<number, Training>();
  if (members === 1) return [await trainMember(options, 0, null, all)];
  const hosts = await Promise.all(
    Array.from({ length: members }, () => startLinks({ host: '127.0.0.1' })),
  );
  try {
    const addresses = hosts.map(({ address }) => address);
    return await Promise.all(
      hosts.map(async (host, index) => {
        const port = await connect(host, index, addresses);
        return trainMember(options, index, port, all);
      }),
    );
  } finally {
    for (const host of hosts) options.onTraffic?.(await host.stats());
    await Promise.all(hosts.map((host) => host.close()));
  }
}

const connect = (host: LinksHost, index: number, addresses: readonly string[]) =>
  host.connect({
    rank: rank(index),
    addresses,
    generation: generation(1),
    deadline: millis(60_000),
    connectDeadline: millis(60_000),
  });

async function trainMember(
  options: MembersOptions,
  index: number,
  links: Awaited<ReturnType<typeof connect>> | null,
  all: Map<number, Training>,
): Promise<FromTraining[]> {
  const { job, members, resumeFrom = null, stopAfter, stopWhen } = options;
  const view = trainingView(await openDataset(options.datasetDirectory));
  const planner = new JobPlanner(job, view);
  const total = planner.totalSteps;
  const shares = evenShares(members, job.spec.lanes);
  const said: FromTraining[] = [];
  let isFinished: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    isFinished = resolve;
  });
  const training = new Training({
    start: {
      job,
      datasetDirectory: options.datasetDirectory,
      cacheDirectory: options.cacheDirectory ?? null,
      checkpointDirectory:
        options.ownFolders === true && index > 0
          ? `${options.checkpointDirectory}-of-${index}`
          : options.checkpointDirectory,
      pretrained: { item: null, user: null },
      totalSteps: total,
      evaluate: true,
    },
    tell: (message) => {
      said.push(message);
      if (message.kind === 'finished' || message.kind === 'left') isFinished();
      // The wish travels with the step that follows.
      if (message.kind === 'committed' && message.report.step + 2 === stopAfter) {
        training.receive({ kind: 'stop' });
      }
      for (const other of stopWhen?.(message, index) ?? [])
        all.get(other)?.receive({ kind: 'stop' });
    },
  });
  all.set(index, training);
  const from =
    resumeFrom === null
      ? { kind: 'seed' as const }
      : { kind: 'checkpoint' as const, path: resumeFrom };
  training.receive({ kind: 'load', from });
  training.receive({
    kind: 'enter',
    generation: generation(1),
    rank: rank(index),
    shares: shares.counts,
    links,
    writes: index === 0,
  });
  const own = lanesOf(shares.run(rank(index)));
  for (let at = 0; at < total; at++) {
    const plan = planner.plan(step(at));
    for (const lane of own) training.receive({ kind: 'plan', plan: lanePlan(plan, lane) });
  }
  const ended = training.run();
  await Promise.race([finished, ended]);
  training.receive({ kind: 'end' });
  await ended;
  const left = said.find((message) => message.kind === 'left');
  if (left?.kind === 'left' && left.how !== 'lost' && left.error !== null) {
    throw Object.assign(new Error(left.error.message), { code: left.error.code });
  }
  return said;
}

/** The only message of a kind that a member has said. */
export function only<Kind extends FromTraining['kind']>(
  said: readonly FromTraining[],
  kind: Kind,
): Extract<FromTraining, { kind: Kind }> {
  const found = said.filter((message) => message.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} messages are "${kind}", not one`);
  return found[0] as Extract<FromTraining, { kind: Kind }>;
}
