/**
 * Hosts for tests: network namespaces behind one switch, each with its own address, folder and clocks.
 * What runs in one of them sees the others as machines of a network, whose cables can be pulled.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface HostOptions {
  /** Its monotonic clock reads so much more than the machine's, in seconds; time since boot too. */
  readonly monotonicOffset?: number;
  /** Its wall clock is ahead by so much, in seconds. */
  readonly wallOffset?: number;
}

export interface StartedProcess {
  readonly child: ChildProcess;
  /** What it has written to both of its outputs so far. */
  readonly output: () => string;
  readonly exited: Promise<number | null>;
}

export class Host {
  readonly address: string;
  readonly folder: string;
  readonly #namespace: string;
  readonly #switch: string;
  readonly #port: string;
  readonly #options: HostOptions;

  constructor(
    names: { namespace: string; switch: string; port: string },
    address: string,
    folder: string,
    options: HostOptions,
  ) {
    this.#namespace = names.namespace;
    this.#switch = names.switch;
    this.#port = names.port;
    this.address = address;
    this.folder = folder;
    this.#options = options;
  }

  /** Pulls the cable: nothing comes or goes, and nobody is told. */
  cut(): void {
    ip('-n', this.#switch, 'link', 'set', this.#port, 'down');
  }

  reconnect(): void {
    ip('-n', this.#switch, 'link', 'set', this.#port, 'up');
  }

  start(
    program: string,
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): StartedProcess {
    const { monotonicOffset = 0, wallOffset = 0 } = this.#options;
    const clocks =
      monotonicOffset === 0
        ? []
        : [
            ...['unshare', '--time', '--monotonic', String(monotonicOffset)],
            ...['--boottime', String(monotonicOffset), '--fork', '--kill-child=SIGKILL'],
          ];
    const child = spawn('ip', ['netns', 'exec', this.#namespace, ...clocks, program, ...words], {
      cwd: this.folder,
      env: {
        ...process.env,
        ...(wallOffset !== 0 && {
          LOCKSTEP_TEST_WALL_OFFSET: String(wallOffset),
          NODE_OPTIONS: `--import=${new URL('./shifted-clock.js', import.meta.url).href}`,
        }),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    const take = (piece: Buffer): void => {
      text += piece.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, output: () => text, exited };
  }
}

/** False where this process may not make namespaces; a test says so then, and is skipped. */
export function canMakeHosts(): boolean {
  const probe = `lst${process.pid}p`;
  try {
    ip('netns', 'add', probe);
    ip('netns', 'delete', probe);
    return true;
  } catch {
    return false;
  }
}

export class Hosts {
  readonly #prefix = `lst${process.pid}`;
  readonly #folder: string;
  readonly #hosts: Host[] = [];
  readonly #namespaces: string[] = [];

  /** @param folder gets one folder a host */
  constructor(folder: string) {
    this.#folder = folder;
    this.#addNamespace(this.#switch);
    ip('-n', this.#switch, 'link', 'add', 'switch', 'type', 'bridge');
    ip('-n', this.#switch, 'link', 'set', 'switch', 'up');
  }

  add(options: HostOptions = {}): Host {
    const number = this.#hosts.length + 1;
    const namespace = `${this.#prefix}h${number}`;
    const port = `port${number}`;
    const address = `10.77.0.${number}`;
    const folder = join(this.#folder, `host-${number}`);
    mkdirSync(folder, { recursive: true });
    this.#addNamespace(namespace);
    ip(
      '-n',
      namespace,
      'link',
      'add',
      'net0',
      'type',
      'veth',
      'peer',
      'name',
      port,
      'netns',
      this.#switch,
    );
    ip('-n', this.#switch, 'link', 'set', port, 'master', 'switch', 'up');
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'net0');
    ip('-n', namespace, 'link', 'set', 'net0', 'up');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    const host = new Host({ namespace, switch: this.#switch, port }, address, folder, options);
    this.#hosts.push(host);
    return host;
  }

  /** Whatever runs in them must have ended. */
  remove(): void {
    for (const namespace of this.#namespaces.toReversed()) ip('netns', 'delete', namespace);
  }

  get #switch(): string {
    return `${this.#prefix}sw`;
  }

  #addNamespace(name: string): void {
    ip('netns', 'add', name);
    this.#namespaces.push(name);
  }
}

const ip = (...words: readonly string[]): void =>
  void execFileSync('ip', [...words], { stdio: ['ignore', 'ignore', 'pipe'] });
