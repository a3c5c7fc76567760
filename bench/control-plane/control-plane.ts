/**
 * `npm run --silent bench -- control-plane`: what coordinating costs, and how fast members come and go.
 * First many workers in one process, whose training costs nothing; then real worker processes.
 */
import { parseArgs } from 'node:util';
import { aligned } from '../../cli/output/text/aligned.js';
import { benchReal, type RealResult } from './real-part.js';
import type { Join } from './run-observer.js';
import { benchSimulated, type SimulatedResult } from './simulated-part.js';

const usage =
  'npm run bench -- control-plane [--simulated 64] [--seconds 60] [--step-ms 500] [--real 16] ' +
  '[--steps 100] [--profile FOLDER]';

export async function benchControlPlane(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      simulated: { type: 'string', default: '64' },
      seconds: { type: 'string', default: '60' },
      'step-ms': { type: 'string', default: '500' },
      real: { type: 'string', default: '16' },
      steps: { type: 'string', default: '100' },
      profile: { type: 'string' },
    },
  });
  const workers = integer('simulated', values.simulated, 0, 128);
  const seconds = integer('seconds', values.seconds, 3, 3600);
  const stepMillis = integer('step-ms', values['step-ms'], 1, 60_000);
  const realWorkers = integer('real', values.real, 0, 128);
  const steps = integer('steps', values.steps, 2, 100_000);
  const profile = values.profile ?? null;
  const simulated =
    workers === 0 ? null : await benchSimulated({ workers, seconds, stepMillis, profile });
  if (simulated !== null) console.log(simulatedTable(simulated).join('\n'));
  const real = realWorkers === 0 ? null : await benchReal({ workers: realWorkers, steps });
  if (real !== null) console.log(realTable(real).join('\n'));
  console.log(JSON.stringify({ simulated, real }));
}

function simulatedTable(result: SimulatedResult): string[] {
  const { join, loss, quiet, scrapes, whole, workers } = result;
  const ofScrapes = [scrapes.median, scrapes.p99, scrapes.most].map((ms) => number(ms)).join(', ');
  return aligned([
    [`${workers} simulated workers`, 'nobody comes or goes', 'a join and a loss'],
    [
      'coordinator, % of a core',
      number(quiet.coordinatorPercent),
      number(whole.coordinatorPercent),
    ],
    ['messages/s', number(quiet.messagesPerSecond, 0), number(whole.messagesPerSecond, 0)],
    ['committed steps/s', number(quiet.stepsPerSecond, 2), number(whole.stepsPerSecond, 2)],
    ['a joiner is in after, s', '', number(join.seconds, 2)],
    ...phasesOf(join).map(([phase, seconds]) => [phase, '', seconds]),
    ['a loss: detected, reformed, resumed, s', '', times(loss)],
    [`${scrapes.count} scrapes of ${scrapes.series} series: median, p99, most, ms`, '', ofScrapes],
  ]);
}

const realTable = ({ join, load, loss, otherLosses, workers }: RealResult): string[] =>
  aligned([
    [`${workers} worker processes`, 'with a loss and its return'],
    ['coordinator, % of a core', number(load.coordinatorPercent)],
    ['messages/s', number(load.messagesPerSecond, 0)],
    ['committed steps/s', number(load.stepsPerSecond, 2)],
    ['who was killed is in again after, s', number(join.seconds, 2)],
    ...phasesOf(join).map(([phase, seconds]) => [phase, seconds]),
    ['its loss: detected, reformed, resumed, s', times(loss)],
    ['losses that nobody planned', String(otherLosses)],
  ]);

const number = (value: number, digits = 1): string => value.toFixed(digits);

const phasesOf = ({ phases }: Join): [string, string][] =>
  phases.map(({ phase, seconds }) => [`  ${phase}`, number(seconds, 2)]);

const times = (of: SimulatedResult['loss']): string =>
  of === null
    ? '-'
    : [of.detectSeconds, of.reformSeconds, of.resumeSeconds].map((s) => s.toFixed(2)).join(', ');

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot run the benchmark: --${name} is ${JSON.stringify(text)}: should be an integer in ` +
      `[${least}, ${most}]: ${usage}`,
  );
}
