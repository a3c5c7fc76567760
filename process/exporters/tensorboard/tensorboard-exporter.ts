/**
 * Event files for TensorBoard in the folder of a run, beside a cursor that says how far they go. Both are
 * continued by whoever goes on with the run; bytes behind the cursor are those of a killed process.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../../write-atomically.js';
import { markDelivered, takeBack } from '../feed/undelivered.js';
import type { Delivered, ExportedLine, ExportedRun, HistoryExporter } from '../history-exporter.js';
import { pointsRecord, restartRecord, versionRecord } from './event-records.js';

export const tensorboardFolderOf = (output: string): string => join(output, 'tensorboard');

const cursorSchema = z.object({
  run: z.string(),
  file: z.string(),
  bytes: z.int().min(0),
  delivered: z.record(z.string(), z.number()),
});

type Cursor = Pick<z.output<typeof cursorSchema>, 'file' | 'bytes'>;

export class TensorboardExporter implements HistoryExporter {
  readonly name = 'tensorboard';
  readonly again = 'replaces';
  readonly #folder: string;
  readonly #run: string;
  #cursor: Cursor | null = null;
  #delivered: Delivered = new Map();

  constructor({ output, run }: Pick<ExportedRun, 'output' | 'run'>) {
    this.#folder = tensorboardFolderOf(output);
    this.#run = run;
  }

  async open(): Promise<Delivered> {
    mkdirSync(this.#folder, { recursive: true });
    const found = readCursor(this.#cursorFile, this.#run, this.#folder);
    // Of an earlier run in this folder, whose curves would lie in the same picture.
    if (found === null) removeEvents(this.#folder);
    this.#cursor = found;
    this.#delivered = new Map(Object.entries(found?.delivered ?? {}));
    return new Map(this.#delivered);
  }

  async send(lines: readonly ExportedLine[]): Promise<void> {
    const first = lines[0] as ExportedLine;
    const began = secondsOf(first.line.time);
    const { file, bytes } = this.#cursor ?? {
      file: `events.out.tfevents.${Math.floor(began)}.${this.#run}`,
      bytes: 0,
    };
    const delivered: Delivered = new Map(this.#delivered);
    const records = bytes === 0 ? [versionRecord(began)] : [];
    for (const exported of lines) {
      records.push(...recordsOf(exported, delivered));
      markDelivered([exported], delivered);
    }
    const written = Buffer.concat(records);
    writeAt(join(this.#folder, file), bytes, written);
    const cursor = { file, bytes: bytes + written.length };
    const kept = { run: this.#run, ...cursor, delivered: Object.fromEntries(delivered) };
    writeAtomically(this.#cursorFile, `${JSON.stringify(kept)}\n`);
    this.#cursor = cursor;
    this.#delivered = delivered;
  }

  get #cursorFile(): string {
    return join(this.#folder, 'cursor.json');
  }
}

function recordsOf({ line, points }: ExportedLine, delivered: Delivered): Buffer[] {
  const place = { seconds: secondsOf(line.time), step: line.committed_steps };
  if (line.kind === 'started') {
    const isPast = [...delivered.values()].some((step) => step > line.committed_steps);
    takeBack(delivered, line.committed_steps);
    return isPast ? [restartRecord({ ...place, step: line.committed_steps + 1 })] : [];
  }
  return points.length === 0 ? [] : [pointsRecord(place, points)];
}

const secondsOf = (time: string): number => Date.parse(time) / 1000;

function readCursor(path: string, run: string, folder: string) {
  if (!existsSync(path)) return null;
  try {
    const cursor = cursorSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return cursor.run === run && existsSync(join(folder, cursor.file)) ? cursor : null;
  } catch {
    return null;
  }
}

function removeEvents(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('events.out.tfevents.')) rmSync(join(folder, name));
  }
}

/** What a killed process, or a full disk, has left behind `place` is written over. */
function writeAt(path: string, place: number, bytes: Buffer): void {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w');
  try {
    ftruncateSync(file, place);
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(file, bytes, at, bytes.length - at, place + at);
    }
  } finally {
    closeSync(file);
  }
}
