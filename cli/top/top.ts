/** `lockstep top`: a running job on the whole screen. It reads, and never touches the run. */
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { withoutSecret } from '../../shared/nats-address.js';
import { findRun } from '../cluster/find-run.js';
import { topHelp } from '../help.js';
import { type Look, showsUnicode } from '../output/live/look.js';
import { Screen } from '../output/live/screen.js';
import { paints } from '../output/text/paints.js';
import { UsageError } from '../usage-error.js';
import { useServer } from '../use-server.js';
import { drawTop } from './draw-top.js';
import { FullScreen } from './full-screen.js';
import { onlyRun } from './only-run.js';
import { folderSource } from './source/folder-source.js';
import { logSource } from './source/log-source.js';
import type { TopSource } from './source/top-source.js';
import { readTopArguments } from './top-arguments.js';
import { TopState } from './top-state.js';

/** What has come meanwhile is drawn so often. */
const redrawMs = 250;

/** @throws UsageError, BusLostError */
export async function topCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readTopArguments(words);
  if (given === null) {
    process.stdout.write(`${topHelp}\n`);
    return exitCodes.success;
  }
  const { once, subject } = given;
  if (!once && (!process.stdout.isTTY || process.env.TERM === 'dumb')) {
    throw new UsageError(
      'Cannot draw on this output: it must be a terminal: --once prints a snapshot, and "lockstep attach" ' +
        'lines for a log',
    );
  }
  const watch = (source: TopSource): Promise<void> => (once ? printOnce(source) : draw(source));
  if (subject.kind === 'folder') {
    await watch(folderSource(subject.folder));
    return exitCodes.success;
  }
  const { name, nats } = subject;
  await useServer(
    nats,
    async (bus) => {
      try {
        const run = name === null ? await onlyRun(bus) : await findRun(bus, name);
        await watch(logSource(bus, run, withoutSecret(nats)));
      } finally {
        await bus.close();
      }
    },
    { reconnect: true },
  );
  return exitCodes.success;
}

async function printOnce(source: TopSource): Promise<void> {
  const state = new TopState(source.title, process.cwd());
  await source.readOnce(state);
  process.stdout.write(`${drawTop(state, look(), true).join('\n')}\n`);
}

async function draw(source: TopSource): Promise<void> {
  const state = new TopState(source.title, process.cwd());
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  const screen = new FullScreen(process.stdout, process.stdin, leave);
  const redraw = (): void => screen.draw(drawTop(state, look()));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, leave);
  process.stdout.on('resize', redraw);
  screen.open();
  const drawing = setInterval(redraw, redrawMs);
  try {
    await source.follow(state, leaving.signal);
  } finally {
    clearInterval(drawing);
    process.stdout.off('resize', redraw);
    for (const signal of signals) process.off(signal, leave);
    screen.close();
  }
}

function look(): Look {
  const { columns, rows } = new Screen(process.stdout);
  return {
    ...{ columns, rows },
    colour: paints(process.stdout, process.env),
    unicode: showsUnicode(process.env),
  };
}
