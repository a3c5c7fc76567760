/** Looks at what the processes of a run hold, so that there is something to say when one is killed. */
import { oomKills, residentMemory } from '../../process/machine-memory.js';
import { memoryWatchInterval } from '../../shared/limits.js';
import type { Bytes } from '../../shared/units.js';
import type { OutOfMemory } from '../train/ending/failure.js';

export class MemoryWatch {
  readonly #killsBefore = oomKills();
  readonly #held = new Map<number, Bytes>();
  readonly #timer: NodeJS.Timeout;

  /** @param pids of the processes that are alive. */
  constructor(pids: () => readonly number[]) {
    this.#timer = setInterval(() => this.#look(pids()), memoryWatchInterval).unref();
  }

  /** For a process that was killed: null unless the machine's kernel has killed for memory since. */
  outOfMemory(pid: number): OutOfMemory | null {
    const kills = oomKills();
    const isKnown = kills !== null && this.#killsBefore !== null;
    return isKnown && kills > this.#killsBefore ? { held: this.#held.get(pid) ?? null } : null;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #look(pids: readonly number[]): void {
    for (const pid of pids) {
      const held = residentMemory(pid);
      if (held !== null) this.#held.set(pid, held);
    }
  }
}
