/** A folder of runs, or the folder of one: whatever has a history is a run. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { historyFileOf } from '../../../process/history/run-history.js';
import { FolderRun } from './folder-run.js';
import type { Recommend, RunSource, RunSources } from './run-source.js';

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

export class RunsFolder implements RunSources {
  readonly #folder: string;
  readonly #recommend: ((folder: string) => Recommend) | null;
  readonly #found = new Map<string, FolderRun>();

  /** @param recommend asks the run of a folder; null where nothing here can */
  constructor(folder: string, recommend: ((folder: string) => Recommend) | null = null) {
    this.#folder = resolve(folder);
    this.#recommend = recommend;
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
    for (const folder of await runFolders(this.#folder, depthMax)) {
      const id = idOf(this.#folder, folder);
      if (!this.#found.has(id) && this.#found.size < runsMax) {
        this.#found.set(id, new FolderRun(id, folder, this.#recommend?.(folder) ?? null));
      }
    }
    for (const [id, run] of this.#found) {
      // A folder that was removed shows what was read of it until the server ends.
      if (existsSync(historyFileOf(run.folder))) await run.refresh();
      else if (run.model.state.changedAt === null) this.#found.delete(id);
    }
  }
}

/** What stands in addresses: the path below the folder, or the name of the folder itself. */
function idOf(root: string, folder: string): string {
  const path = relative(root, folder);
  return path === '' ? basename(root) : path.split(sep).join('~');
}

async function runFolders(folder: string, depth: number): Promise<string[]> {
  if (existsSync(historyFileOf(folder))) return [folder];
  if (depth === 0) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !inner.has(entry.name))
    .map(({ name }) => join(folder, name))
    .sort();
  const found: string[] = [];
  for (const child of below) found.push(...(await runFolders(child, depth - 1)));
  return found;
}
