/** What a guard does to a run: members linked by real sockets, checkpoints on disk. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { committedStepsOf } from '../../worker/checkpoint/checkpoint-folder.js';
import type { FromTraining } from '../../worker/training/messages.js';
import { importShop } from './shop.js';
import { only, trainMembers } from './train-members.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-guarded-'));
let datasetDirectory: string;
before(async () => {
  const size = { items: 60, users: 40, history: 6, boilerplate: 12 };
  datasetDirectory = await importShop(folder, size);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const decoder = { hiddenSize: 16, layers: 1, heads: 1, intermediateSize: 32 };

/** It learns until its learning rate has climbed too high; then the mask takes its negatives. */
const jobOf = (guard: object, steps = 120): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'guarded' },
    spec: {
      data: { path: datasetDirectory },
      model: { item: decoder, user: decoder, initializerRange: 0.1, maxTextLength: 16 },
      objective: { negatives: { all: true }, falseNegatives: 'cosine' },
      optimizer: { learningRate: 0.15, schedule: { kind: 'constant', warmupSteps: 60 } },
      batch: { sequences: 12 },
      duration: { steps },
      lanes: 3,
      engine: { name: 'torch', threads: 1 },
      checkpoint: { everySteps: 10 },
      guard,
    },
  });

interface Run {
  /** By rank. */
  readonly said: readonly FromTraining[][];
  readonly error: (Error & { readonly code?: unknown }) | null;
  /** Committed steps of the checkpoints that are left. */
  readonly left: readonly number[];
  readonly aside: readonly number[];
}

interface RunOptions {
  readonly ownFolders?: boolean;
  readonly stopAfter?: number;
  /** Name of a checkpoint of the same run. */
  readonly resumeFrom?: string;
  readonly onSaid?: (message: FromTraining) => void;
}

async function run(
  name: string,
  job: TrainingJob,
  members: number,
  { onSaid, ownFolders = false, stopAfter, resumeFrom }: RunOptions = {},
): Promise<Run> {
  const checkpointDirectory = join(folder, name);
  const said: FromTraining[][] = Array.from({ length: members }, () => []);
  const end = trainMembers({
    job,
    datasetDirectory,
    checkpointDirectory,
    members,
    ownFolders,
    ...(stopAfter !== undefined && { stopAfter }),
    resumeFrom: resumeFrom === undefined ? null : join(checkpointDirectory, resumeFrom),
    stopWhen: (message, member) => {
      said[member]?.push(message);
      onSaid?.(message);
      return [];
    },
  });
  const error = await end.then(
    () => null,
    (failure: Error) => failure,
  );
  const aside = join(checkpointDirectory, 'collapsed');
  return { said, error, left: stepsIn(checkpointDirectory), aside: stepsIn(aside) };
}

function stepsIn(directory: string): number[] {
  try {
    return readdirSync(directory).flatMap((name) => committedStepsOf(name) ?? []);
  } catch {
    return [];
  }
}

const noticesOf = (said: readonly FromTraining[]): string[] =>
  said.flatMap((message) => (message.kind === 'notice' ? [message.text] : []));

describe('a guard that stops', () => {
  // Would catch members that do not end together, a folder whose newest checkpoint is of the collapse, and a
  // last healthy one that was pruned before it was needed.
  it('ends a collapse with the last healthy checkpoint as the newest one', async (context) => {
    const { said, error, left, aside } = await run('stop', jobOf({}), 2);
    context.diagnostic(`${error?.message}; left ${left}, aside ${aside}`);
    assert.equal(error?.code, 'COLLAPSED');
    const [, at, healthy] =
      /^Cannot go on after (\d+) steps: training has collapsed: .*; the last healthy checkpoint is that of step (\d+),/.exec(
        error?.message ?? '',
      ) ?? [];
    assert.equal(left.at(-1), Number(healthy));
    assert.ok(aside.length > 0 && aside.every((steps) => steps > Number(healthy)));
    for (const messages of said) {
      const committed = messages.filter(({ kind }) => kind === 'committed');
      assert.equal(committed.length, Number(at));
    }
    assert.match(noticesOf(said[0] ?? [])[0] ?? '', /^training may be collapsing after \d+ steps/);
    assert.deepEqual(noticesOf(said[1] ?? []), []);
  });

  // Would catch a guard that cannot be told to leave a training alone.
  it('lets it go on where the job says so, with one word when it is certain', async () => {
    const job = jobOf({ action: 'warn' });
    const whole = await run('warn', job, 1);
    const { said, error } = whole;
    assert.notEqual(error?.code, 'COLLAPSED');
    const certain = noticesOf(said[0] ?? []).filter((text) => /has collapsed after/.test(text));
    assert.equal(certain.length, 1);
    // What was stopped goes through, if it is told to, to the weights that it would have had.
    const resumed = await run('stop', job, 1, { resumeFrom: 'step-00000030' });
    assert.equal(endOf(resumed).sha256, endOf(whole).sha256);
    const off = await run('off', jobOf({ action: 'off' }, 80), 1);
    assert.deepEqual(noticesOf(off.said[0] ?? []), []);
  });
});

/** Of a run that ended well: what it ended with, and what it went back from. */
function endOf({ said, error }: Run) {
  assert.equal(error, null);
  const messages = said[0] ?? [];
  const rollBacks = messages.filter((message) => message.kind === 'rolled-back');
  const losses = messages.flatMap((message) =>
    message.kind === 'committed' ? [message.report.loss] : [],
  );
  return { sha256: only(messages, 'finished').weightsSha256, rollBacks, losses };
}

describe('a guard that continues', () => {
  const goesOn = {
    action: 'continue',
    change: { falseNegatives: 'text', learningRateFactor: 0.2 },
  };

  // Would catch a roll-back that depends on who owns which lane, on when a checkpoint is on disk, or on where
  // a run was stopped, and one that changes nothing.
  it('trains on to the same weights on one, two and three members, and when resumed', async (context) => {
    const job = jobOf(goesOn);
    const whole = await run('one', job, 1);
    const end = endOf(whole);
    context.diagnostic(JSON.stringify(end.rollBacks));
    const [rollBack] = end.rollBacks;
    assert.ok(rollBack?.kind === 'rolled-back' && end.rollBacks.length === 1);
    const { committedSteps, rolledBackTo, falseNegatives, learningRate } = rollBack;
    assert.deepEqual([rolledBackTo, falseNegatives, learningRate], [30, 'text', 0.03]);
    // An honest loss again, which falls.
    const [first, last] = [end.losses[committedSteps], end.losses.at(-1)] as [number, number];
    assert.ok(first > 3 && last < first - 0.5, `${first} after the roll-back, ${last} at the end`);
    assert.equal(end.losses.length, 120);
    assert.deepEqual(endOf(await run('of three', job, 3)).sha256, end.sha256);
    // The others get the checkpoint's sections from the one that sees it.
    const apart = await run('on hosts', job, 2, { ownFolders: true });
    assert.equal(endOf(apart).sha256, end.sha256);
    assert.deepEqual(stepsIn(join(folder, 'on hosts-of-1')), []);
    // Two members, then one: before the collapse, and just behind it.
    for (const stopAfter of [committedSteps - 3, committedSteps + 2]) {
      const name = `stopped at ${stopAfter}`;
      const first = endOf(await run(name, job, 2, { stopAfter }));
      const resumeFrom = `step-${String(stopAfter).padStart(8, '0')}`;
      const second = endOf(await run(name, job, 1, { resumeFrom }));
      assert.equal(second.sha256, end.sha256, name);
      assert.deepEqual([...first.losses, ...second.losses], end.losses, name);
      assert.equal(first.rollBacks.length + second.rollBacks.length, 1, name);
    }
  });

  // Would catch members that end for good, or that find a checkpoint behind the lost one and lose it again
  // and again: its writer died, and nobody else has written it.
  it('gives up its state where the checkpoint to go back to is lost, for an older one', async () => {
    const { aside, error, left, said } = await run('lost', jobOf(goesOn), 2, {
      onSaid: (message) => {
        if (message.kind !== 'checkpointed' || message.committedSteps !== 30) return;
        rmSync(message.path, { recursive: true });
      },
    });
    assert.equal(error, null);
    for (const messages of said) {
      const leaving = only(messages, 'left');
      assert.deepEqual([leaving.how, leaving.error?.code], ['lost', 'CHECKPOINT_LOST']);
      assert.equal(messages.at(-1), leaving);
    }
    assert.ok(left.every((steps) => steps < 30));
    assert.ok(aside.length > 0 && aside.every((steps) => steps > 30));
    const notices = said.map((messages) =>
      noticesOf(messages).filter((text) => /step-0*30/.test(text)),
    );
    assert.deepEqual(
      notices.map(({ length }) => length),
      [1, 0],
    );
  });

  // Would catch a run that ends with its last negative although it was told to go on.
  it('goes on from a step that left nothing to learn from', async (context) => {
    const job = jobOf(goesOn, 60);
    job.spec.objective.falseNegativeThreshold = 0.5;
    const [one, two] = [await run('none left', job, 1), await run('none left of 2', job, 2)];
    const end = endOf(one);
    context.diagnostic(JSON.stringify(end.rollBacks));
    assert.equal(end.rollBacks.length, 1);
    assert.equal(endOf(two).sha256, end.sha256);
  });
});
