/**
 * `npm run --silent bench -- membership`: what a planned change costs the members. The quick MovieLens
 * job on two workers; a third one joins, and leaves when it is asked to, again and again.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { datasetFolder } from '../../cli/dataset-folder.js';
import { aligned } from '../../cli/output/text/aligned.js';
import { readJobFile } from '../../process/read-job.js';
import type { Recovered } from '../../shared/messages/run-events.js';
import { projectRoot } from '../../shared/project-root.js';
import { median } from '../median.js';
import { type BenchCluster, inFolder, withCluster } from './bench-cluster.js';
import { BorderObserver, crossingText } from './border-observer.js';
import type { RunObserver } from './run-observer.js';

interface Change extends Recovered {
  /** Median of the steps since the change before, in seconds. */
  readonly usualStep: number;
}

/** Members of the run itself. */
const members = 2;

/** Steps between two changes. */
const stepsBetween = 10;

export async function benchMembership(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: { rounds: { type: 'string', default: '4' } },
  });
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 100)) {
    throw new RangeError(
      `Cannot run the benchmark: --rounds is ${JSON.stringify(values.rounds)}: should be an ` +
        'integer in [1, 100]: npm run bench -- membership [--rounds 4]',
    );
  }
  const file = fileURLToPath(new URL('examples/movielens-quick.yaml', projectRoot));
  const job = await readJobFile(file, null);
  const dataset = await datasetFolder(job, (text) => console.error(text));
  const changes = await inFolder((folder) =>
    withCluster({ dataset, folder, job, workers: members }, (cluster) => measure(cluster, rounds)),
  );
  for (const line of table(changes)) console.log(line);
  const of = (cause: Recovered['cause']) => {
    const among = changes.filter((change) => change.cause === cause);
    return {
      changes: among.length,
      lost_seconds: median(among.map(({ lostSeconds }) => lostSeconds)),
      usual_step_seconds: median(among.map(({ usualStep }) => usualStep)),
    };
  };
  console.log(JSON.stringify({ joined: of('joined'), left: of('left') }));
}

async function measure(cluster: BenchCluster, rounds: number): Promise<Change[]> {
  const { bus, observer, options, processes, start } = cluster;
  const borders = new BorderObserver(bus, options.run);
  const more = processes(members + 1).at(-1);
  const own = processes(members);
  if (more === undefined) throw new Error('There is a third worker');
  for (const process of own) start(process);
  await afterSteps(observer, 2 * stepsBetween);
  const changes: Change[] = [];
  const change = async (): Promise<void> => {
    const receipt = await told(observer, changes.length);
    changes.push(receipt);
    await afterSteps(observer, stepsBetween);
    for (const one of borders.crossings(receipt.generation)) console.error(crossingText(one));
  };
  for (let round = 0; round < rounds; round++) {
    const third = start(more);
    await change();
    const gone = once(third, 'exit');
    third.kill('SIGTERM');
    await change();
    await gone;
  }
  borders.close();
  return changes;
}

function afterSteps(observer: RunObserver, steps: number): Promise<void> {
  const end = observer.commits.length + steps;
  return observer.until(() => observer.commits.length >= end);
}

/** Minutes pass between two changes on a busy machine: each is told when it is over. */
async function told(observer: RunObserver, before: number): Promise<Change> {
  const change = await nextChange(observer, before);
  const { cause, lostSeconds, usualStep } = change;
  console.error(
    `${cause}: lost ${lostSeconds.toFixed(2)} s, a usual step ${usualStep.toFixed(2)} s`,
  );
  return change;
}

async function nextChange(observer: RunObserver, before: number): Promise<Change> {
  const begun = observer.commits.length;
  await observer.until(() => observer.recoveries.length > before);
  const receipt = observer.recoveries[before] as Recovered;
  const steps = observer.commits.slice(Math.max(0, begun - stepsBetween), -1);
  const usualStep = median(steps.slice(1).map((at, index) => (at - (steps[index] ?? at)) / 1000));
  return { ...receipt, usualStep };
}

const table = (changes: readonly Change[]): string[] =>
  aligned([
    ['change', 'reform, s', 'resume, s', 'lost, s', 'usual step, s'],
    ...changes.map(({ cause, lostSeconds, reformSeconds, resumeSeconds, usualStep }) => [
      cause,
      ...[reformSeconds, resumeSeconds, lostSeconds, usualStep].map((value) => value.toFixed(3)),
    ]),
  ]);
