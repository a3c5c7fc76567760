/**
 * A real Kubernetes cluster on this machine, where the tool that starts one is there: it runs a command
 * in the cluster's own namespaces, with KUBECONFIG and kubectl, and ends with it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';

export interface ClusterWish {
  /** 0: objects are kept and controlled, and no pod ever runs. */
  readonly nodes: number;
  readonly gpus?: number;
  readonly kueue?: boolean;
  /** Archives that every node gets. */
  readonly images?: readonly string[];
}

/** Says otherwise where the tool is. */
const variable = 'LOCKSTEP_TEST_KUBE';

/** Null where there is none, or this process may not start it. */
export function findClusterTool(): string | null {
  const beside = fileURLToPath(new URL('../shared/kube/cluster', projectRoot));
  const path = process.env[variable] ?? beside;
  return existsSync(path) && process.getuid?.() === 0 ? path : null;
}

/** The tool's own needs, which it names with how to install them. */
const programs = ['containerd', 'runc', 'conntrack', 'iptables', 'ip', 'xz', 'openssl', 'ps'];

/** For tests: false where clusters can be started, else why not. */
export const withoutCluster: string | false = whyNoCluster();

function whyNoCluster(): string | false {
  if (findClusterTool() === null) {
    return `no tool that starts a cluster: ../shared/kube/cluster, or ${variable}, as root`;
  }
  const places = (process.env.PATH ?? '').split(delimiter);
  const isHere = (name: string): boolean => places.some((place) => existsSync(join(place, name)));
  const missing = programs.filter((name) => !isHere(name));
  return missing.length > 0 && `a cluster needs ${missing.join(', ')}`;
}

/** The words that run `command` beside a cluster. */
export function clusterWords(wish: ClusterWish, command: readonly string[]): string[] {
  const { nodes, gpus = 0, kueue = false, images = [] } = wish;
  return [
    ...['--nodes', String(nodes), '--gpus', String(gpus), ...(kueue ? ['--kueue'] : [])],
    ...images.flatMap((file) => ['--image', file]),
    ...['--', ...command],
  ];
}

interface CommandOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command in a new cluster, which ends with it, and keeps what it says. The command shares this
 * machine's files and has no network but the cluster's.
 *
 * @throws Error where no cluster can be started
 */
export async function inCluster(
  wish: ClusterWish,
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandOutcome> {
  const tool = findClusterTool();
  if (tool === null) throw new Error(`Cannot start a cluster: ${withoutCluster}`);
  const child = spawn(tool, clusterWords(wish, command), {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      texts[stream] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, ...texts };
}
