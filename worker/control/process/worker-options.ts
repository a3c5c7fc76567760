/** The options of a worker process, read once. The command `lockstep worker` hands its own on as these. */
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { OptionError, type OptionReader, readOptions } from '../../../process/options.js';
import { type JobId, jobId, type RunId, type WorkerId, workerId } from '../../../shared/ids.js';
import { readRunId } from '../../../shared/run/run-id.js';
import { type Millis, millis } from '../../../shared/units.js';
import { locationProblem } from '../../../storage/location.js';
import { defaultGrace } from '../situation/limits.js';

export interface HostAndPort {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

export interface WorkerOptions {
  readonly job: JobId;
  /** Null: whichever run of the job is led. */
  readonly run: RunId | null;
  readonly worker: WorkerId;
  readonly cacheDirectory: string;
  /** Its own, for runs whose workers have none in common. */
  readonly checkpoints: string;
  /** Where its links listen. */
  readonly bind: HostAndPort;
  /** What its peers dial; port 0 stands for the one that it listens on, null for `bind`. */
  readonly announce: HostAndPort | null;
  readonly metrics: HostAndPort;
  /** How long it may take to end when it is asked to. */
  readonly grace: Millis;
}

const names = [
  'job',
  'run',
  'worker',
  'cache',
  'checkpoints',
  'bind',
  'announce',
  'metrics-host',
  'metrics-port',
  'grace',
];

/** Longest token of a subject. */
const nameLength = 128;

/** A supervisor that waits longer than an hour for a process to end waits for ever. */
const graceSecondsMax = 3600;

/**
 * @param host this machine's name, of which a worker without one makes its own
 * @param random some hexadecimal digits that no other worker has
 * @throws OptionError
 */
export function readWorkerOptions(
  words: readonly string[],
  { host, random }: { readonly host: string; readonly random: string },
): WorkerOptions {
  const options = readOptions(words, names);
  const cacheDirectory = options.text('cache');
  const job = jobId(options.text('job'));
  const announce = options.optional('announce');
  return {
    job,
    run: runOf(options),
    worker: workerId(nameOf(options) ?? workerName(host, random)),
    cacheDirectory,
    checkpoints: checkpointsOf(options) ?? join(cacheDirectory, 'checkpoints', job),
    bind: hostAndPort('bind', options.optional('bind') ?? '127.0.0.1'),
    announce: announce === null ? null : hostAndPort('announce', announce),
    metrics: {
      host: options.optional('metrics-host') ?? '127.0.0.1',
      port: options.integer('metrics-port', 0, 65535, 0),
    },
    grace: millis(options.integer('grace', 1, graceSecondsMax, defaultGrace / 1000) * 1000),
  };
}

/** A host's name may hold what cannot stand in a subject. */
export function workerName(host: string, random: string): string {
  const safe = host.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '');
  return `${(safe === '' ? 'worker' : safe).slice(0, nameLength - random.length - 1)}-${random}`;
}

function nameOf(options: OptionReader): string | null {
  const name = options.optional('worker');
  if (name === null || /^[A-Za-z0-9_-]{1,128}$/.test(name)) return name;
  throw wrong('worker', 'must have 1 to 128 letters, digits, "-" or "_"', name);
}

function runOf(options: OptionReader): RunId | null {
  const text = options.optional('run');
  const run = readRunId(text);
  if (text === null || run !== null) return run;
  throw wrong('run', 'must be the id of a run', text);
}

function checkpointsOf(options: OptionReader): string | null {
  const location = options.optional('checkpoints');
  const problem = location === null ? null : locationProblem(location);
  if (problem === null) return location;
  throw wrong('checkpoints', problem, location);
}

/** `HOST` or `HOST:PORT`; an IPv6 address with a port stands in brackets. */
function hostAndPort(name: string, text: string): HostAndPort {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^([^\s:[\]]{1,253})(?::(\d{1,5}))?$/.exec(text);
  const bare = isIPv6(text) ? text : null;
  const [, host = bare ?? '', port = '0'] = bracketed ?? plain ?? [];
  if (host !== '' && Number(port) <= 65535) return { host, port: Number(port) };
  throw wrong(name, 'must be HOST or HOST:PORT', text);
}

function wrong(name: string, rule: string, value: unknown): OptionError {
  return new OptionError(
    `Cannot start: --${name} ${rule}: current value is ${JSON.stringify(value)}`,
  );
}
