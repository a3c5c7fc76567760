/** A folder of runs, or the folder of one: whatever has a history is a run. */
import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { historyFileOf } from '../../../process/history/run-history.js';
import { FolderRun } from './folder-run.js';
import type { FolderTools, RunSource, RunSources } from './run-source.js';

/** Folders below the one that was named, in which runs are looked for. */
const depthMax = 3;
/** Runs that are shown: a folder of more is one of something else. */
export const runsMax = 500;
/** Folders of a run in which there is no other run. */
const inner: ReadonlySet<string> = new Set([
  'checkpoints',
  'logs',
  'ledger',
  'cache',
  'node_modules',
]);

export interface RunsFolderOptions {
  /** What can be done with the folder of a run; null where nothing here can do it. */
  readonly tools: ((folder: string) => FolderTools) | null;
  /** The history of a run cannot be read: said once for each reason, and all others are read. */
  readonly onTrouble: (error: Error) => void;
}

export class RunsFolder implements RunSources {
  readonly #folder: string;
  readonly #options: RunsFolderOptions;
  readonly #found = new Map<string, FolderRun>();
  /** By id, what was said last. */
  readonly #troubles = new Map<string, string>();
  #leftOut = 0;

  constructor(folder: string, options: RunsFolderOptions) {
    this.#folder = resolve(folder);
    this.#options = options;
  }

  /** Runs that are there and are not shown, because there are too many. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** The newest first. */
  runs(): readonly RunSource[] {
    const changed = (run: FolderRun): string => run.model.state.changedAt ?? '';
    return [...this.#found.values()].sort((a, b) => changed(b).localeCompare(changed(a)));
  }

  find(id: string): RunSource | null {
    return this.#found.get(id) ?? null;
  }

  async refresh(): Promise<void> {
    this.#keepNewest(await runFolders(this.#folder, depthMax));
    for (const [id, run] of this.#found) {
      // A folder that was removed shows what was read of it until the server ends.
      if (existsSync(historyFileOf(run.folder))) await this.#read(id, run);
      else if (run.model.state.changedAt === null) this.#found.delete(id);
    }
  }

  #keepNewest(there: readonly FoundRun[]): void {
    this.#leftOut = Math.max(0, there.length - runsMax);
    const newest =
      this.#leftOut === 0
        ? there
        : there.toSorted((a, b) => b.changedAt - a.changedAt).slice(0, runsMax);
    const shown = new Set<string>();
    for (const { folder } of newest) {
      const id = idOf(this.#folder, folder);
      shown.add(id);
      if (this.#found.has(id)) continue;
      this.#found.set(id, new FolderRun(id, folder, this.#options.tools?.(folder) ?? null));
    }
    for (const id of this.#found.keys()) {
      if (this.#found.size <= runsMax) return;
      if (!shown.has(id)) this.#found.delete(id);
    }
  }

  async #read(id: string, run: FolderRun): Promise<void> {
    try {
      await run.refresh();
      this.#troubles.delete(id);
    } catch (error) {
      const { message } = error as Error;
      if (this.#troubles.get(id) !== message) this.#options.onTrouble(error as Error);
      this.#troubles.set(id, message);
    }
  }
}

/** What stands in addresses: the path below the folder, or the name of the folder itself. */
function idOf(root: string, folder: string): string {
  const path = relative(root, folder);
  return path === '' ? basename(root) : path.split(sep).map(escaped).join('~');
}

/** So that a folder "a~b" is another one than "b" in "a". */
const escaped = (name: string): string => name.replaceAll('%', '%25').replaceAll('~', '%7E');

interface FoundRun {
  readonly folder: string;
  /** Milliseconds since 1970, of its history. */
  readonly changedAt: number;
}

async function runFolders(folder: string, depth: number): Promise<FoundRun[]> {
  const history = statSync(historyFileOf(folder), { throwIfNoEntry: false });
  if (history !== undefined) return [{ folder, changedAt: history.mtimeMs }];
  if (depth === 0) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !inner.has(entry.name))
    .map(({ name }) => join(folder, name))
    .sort();
  const found: FoundRun[] = [];
  for (const child of below) found.push(...(await runFolders(child, depth - 1)));
  return found;
}
