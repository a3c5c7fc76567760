/** `kubectl`, as a user would call it: its words in, its answer out. */
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Objects come as they are: cases read the few fields that they are about. */
// biome-ignore lint/suspicious/noExplicitAny: the shapes are Kubernetes' own.
export type KubernetesObject = any;

export class KubectlError extends Error {
  override readonly name = 'KubectlError';
  readonly code = 'KUBECTL';
}

/** @throws KubectlError with what kubectl said */
export function kubectl(words: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'kubectl',
      [...words],
      { maxBuffer: 256 * 1024 * 1024, timeout: commandTimeout },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new KubectlError(`kubectl ${words.join(' ')}: ${stderr || error.message}`));
      },
    );
    child.stdin?.on('error', () => undefined).end(input ?? '');
  });
}

const commandTimeout = 120_000;

export const get = async (...words: readonly string[]): Promise<KubernetesObject> =>
  JSON.parse(await kubectl(['get', ...words, '-o', 'json']));

export const apply = (...objects: readonly object[]): Promise<string> =>
  kubectl(['apply', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));

/** The deadline has passed: says what the object was like then. */
export class NotInTimeError extends Error {
  override readonly name = 'NotInTimeError';
  readonly code = 'NOT_IN_TIME';
}

/**
 * Until an object is as wished, seen by a watch, so that nothing between two looks is missed.
 *
 * @param words what to watch: `-n NAMESPACE KIND NAME`
 * @returns what `found` gave for the first object that fits
 * @throws NotInTimeError
 */
export async function until<Found>(
  words: readonly string[],
  what: string,
  found: (object: KubernetesObject) => Found | null | undefined | false,
  seconds: number,
): Promise<Found> {
  const deadline = Date.now() + seconds * 1000;
  let last: KubernetesObject = null;
  while (Date.now() < deadline) {
    const left = deadline - Date.now();
    const result = await watchOnce(words, left, (object) => {
      last = object;
      return found(object);
    });
    if (result !== null) return result.value;
  }
  const state = last === null ? 'it was never there' : JSON.stringify(last.status ?? last, null, 1);
  throw new NotInTimeError(`Not within ${seconds} s: ${what} (${words.join(' ')}): ${state}`);
}

/** Null where the watch ended first: the API server ends each one now and then. */
async function watchOnce<Found>(
  words: readonly string[],
  milliseconds: number,
  found: (object: KubernetesObject) => Found | null | undefined | false,
): Promise<{ readonly value: Found } | null> {
  const child = spawn('kubectl', ['get', ...words, '--watch', '-o', 'jsonpath={}{"\\n"}'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const value = found(JSON.parse(line));
      if (value !== null && value !== undefined && value !== false) return { value };
    }
    return null;
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
    await ended;
  }
}
