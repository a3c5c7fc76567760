/** Numbers and lines of a history in words. */
import type { TimelineLine } from './api.js';

/** Four significant digits, and no more zeros than there are. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e12) return value.toLocaleString('en');
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  if (size >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(4)));
}

export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '–';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** Steps come faster than anybody reads how old each is; a clock that is behind makes it less than none. */
const momentSeconds = 2;

/** How long ago, to a reader now. @param now milliseconds since 1970 */
export function ago(time: string | null, now: number): string {
  if (time === null) return 'never';
  const seconds = (now - Date.parse(time)) / 1000;
  return seconds < momentSeconds ? 'just now' : `${duration(seconds)} ago`;
}

/** What a line of the timeline says. */
export function sentence(line: TimelineLine): string {
  switch (line.kind) {
    case 'started': {
      const from = line.resumed_from === null ? '' : ` from ${line.resumed_from}`;
      return `${members(line.members)} train to step ${line.total_steps}${from}`;
    }
    case 'generation':
      return `${line.reason}: ${members(line.members)} go on (generation ${line.generation})`;
    case 'recovery':
      return recovery(line);
    case 'checkpointed':
      return `checkpoint ${line.path} written in ${duration(line.seconds)}`;
    case 'evaluated':
      return line.results
        .filter(({ model }) => model === 'hllm')
        .map(({ split, values }) => `${split}: ${metrics(values)}`)
        .join('; ');
    case 'rolled_back':
      return (
        `training had collapsed: ${line.reason}; it goes on from step ${line.rolled_back_to} with a ` +
        `learning rate of ${number(line.learning_rate)}`
      );
    case 'warning':
      return line.text;
    case 'paused':
      return `paused by ${line.by} after step ${line.stands_at}`;
    case 'went_on':
      return `${line.by} lets the run go on`;
    case 'asked_checkpoint':
      return line.path === null
        ? `${line.by} asks for a checkpoint`
        : `${line.by} asks for a checkpoint: that of step ${line.steps} is in ${line.path}`;
    case 'draining':
      return `${line.by} drains ${line.worker}: it hands over and ends`;
    case 'refused_request':
      return `${line.by} asked to ${requestWords[line.request] ?? line.request}: ${line.reason}`;
    case 'finished': {
      const { final_loss, stopped, weights_sha256 } = line;
      return `${stopped ? 'stopped' : 'done'}: loss ${number(final_loss)}, weights ${weights_sha256.slice(0, 12)}`;
    }
    case 'failed':
      return `${line.code}: ${line.message}`;
  }
}

/** As a command names it. */
const requestWords: Readonly<Record<string, string>> = {
  pause: 'pause',
  'go-on': 'go on',
  checkpoint: 'write a checkpoint',
  drain: 'drain a worker',
};

const members = (names: readonly string[]): string =>
  names.length > 8 ? `${names.length} workers` : names.join(', ');

const causes = {
  lost: 'lost',
  joined: 'joined',
  left: 'left',
  link: 'links broke',
  leader: 'another coordinator took over',
  bus: 'nats-server was away',
} as const;

function recovery(line: Extract<TimelineLine, { kind: 'recovery' }>): string {
  const who = line.workers.length === 0 ? '' : `${members(line.workers)} `;
  const times = [
    `noticed after ${duration(line.detect_seconds)}`,
    `formed anew in ${duration(line.reform_seconds)}`,
    `trained again ${duration(line.resume_seconds)} later`,
  ];
  const what = line.planned ? 'planned change' : 'recovered';
  return `${what}: ${who}${causes[line.cause]}; ${times.join(', ')}`;
}

const metrics = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join(', ');
