/** `lockstep history`: what a run's history says, as a file for other programs. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readHistory } from '../../process/history/read-history.js';
import { historyFileOf } from '../../process/history/run-history.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import type { HistoryLine, HistoryLineOf } from '../../shared/history/history-line.js';
import { historyHelp } from '../help.js';
import { sayFinished } from '../output/json-line.js';
import { UsageError } from '../usage-error.js';
import { type HistoryArguments, readHistoryArguments } from './history-arguments.js';
import { csvRows, csvShape } from './history-csv.js';
import { eventFileName, eventRecords } from './history-events.js';
import { type Pieces, writePieces } from './write-pieces.js';

/** @throws UsageError, StorageError */
export async function historyCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readHistoryArguments(words);
  if (given === null) process.stdout.write(`${historyHelp}\n`);
  else await convert(given);
  return exitCodes.success;
}

async function convert({ run, format, output, json }: HistoryArguments): Promise<void> {
  const file = locate(run);
  const began = await firstLine(file);
  if (output === null) {
    await toStandardOutput(csvRows(readHistory(file), await csvShape(readHistory(file))));
    return;
  }
  const target = format === 'csv' ? resolve(output) : join(resolve(output), eventFileName(began));
  if (format === 'tensorboard') requireOwnFolder(dirname(target), target);
  mkdirSync(dirname(target), { recursive: true });
  const last = new LastStep();
  const lines = last.seenOf(readHistory(file));
  const pieces: Pieces =
    format === 'csv'
      ? csvRows(lines, await csvShape(readHistory(file)))
      : eventRecords(lines, began.time);
  await writePieces(target, pieces);
  if (json) sayFinished({ path: target, format, run: began.run, ...last.fields });
  else process.stdout.write(`wrote ${target}: ${last.text}\n`);
}

/** The history that is meant. @throws UsageError */
function locate(named: string): string {
  const path = resolve(named);
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? historyFileOf(path)
    : path;
  if (existsSync(file)) return file;
  throw new UsageError(
    `Cannot read the history "${file}": it is not there: RUN must be the --output of a run, or its history.jsonl`,
  );
}

async function firstLine(file: string): Promise<HistoryLineOf<'history'>> {
  for await (const line of readHistory(file)) {
    if (line.kind === 'history') return line;
    break;
  }
  throw new UsageError(
    `Cannot read the history "${file}": its first line must be that of a history`,
  );
}

/** Two event files in one folder are one run to TensorBoard, whose curves would be mixed. */
function requireOwnFolder(folder: string, target: string): void {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const other = names.find((name) => name.includes('tfevents') && join(folder, name) !== target);
  if (other === undefined) return;
  throw new UsageError(
    `Cannot write an event file into "${folder}": it has ${other}, of another run: --output must name a folder for each run`,
  );
}

async function toStandardOutput(rows: AsyncIterable<string>): Promise<void> {
  const { stdout } = process;
  for await (const row of rows) {
    // `| head` has what it wanted.
    if (!stdout.writable) return;
    if (!stdout.write(row)) await roomOrEnd(stdout);
  }
}

/** What has failed is told where all output is watched. */
function roomOrEnd(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('error', done);
      resolve();
    };
    stream.on('drain', done).on('error', done);
  });
}

/** What the last step says, for whoever compares. */
class LastStep {
  #step: HistoryLineOf<'committed'> | null = null;

  async *seenOf(lines: AsyncIterable<HistoryLine>): AsyncGenerator<HistoryLine> {
    for await (const line of lines) {
      if (line.kind === 'committed') this.#step = line;
      yield line;
    }
  }

  get fields(): object {
    return { committedSteps: this.#step?.committed_steps ?? 0, lastLoss: this.#step?.loss ?? null };
  }

  get text(): string {
    if (this.#step === null) return 'no step is committed yet';
    return `${this.#step.committed_steps} committed steps, the last one with loss ${this.#step.loss}`;
  }
}
