/** What the client's errors mean for whoever asked. */
import { StorageError, StoreRefusedError } from '../storage-error.js';

export type S3Failure =
  | 'absent'
  /** The condition of a write does not hold. */
  | 'changed'
  /** A range lies behind the end. */
  | 'beyond'
  /** The store has no conditions. */
  | 'unconditional'
  /** Settings must change first: who asks, where, or for which bucket. */
  | 'refused'
  /** A server, or the way to it: it may work later. */
  | 'unreachable';

/** As much of an error of the SDK as is looked at; what else hangs on it may hold a signature. */
interface SdkError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

const refusals: ReadonlySet<string> = new Set([
  'NoSuchBucket',
  'InvalidBucketName',
  'CredentialsProviderError',
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidToken',
  'PermanentRedirect',
]);

/** The client says so without a name, before it asks anyone. */
const noRegion = 'Region is missing';

export function failureOf(error: unknown): S3Failure {
  const { name, message, $metadata } = (error ?? {}) as SdkError;
  if (refusals.has(String(name)) || message === noRegion) return 'refused';
  switch ($metadata?.httpStatusCode) {
    case 301:
    case 401:
    case 403:
      return 'refused';
    case 404:
      return 'absent';
    case 409:
    case 412:
      return 'changed';
    case 416:
      return 'beyond';
    case 501:
      return 'unconditional';
    default:
      return 'unreachable';
  }
}

/**
 * The error for whoever asked.
 *
 * @param doing `write the checkpoint's manifest`
 * @param where `s3://bucket/key`
 */
export function bucketError(error: unknown, doing: string, where: string): Error {
  const text = `Cannot ${doing} ${where}: ${reasonOf(error as SdkError)}`;
  if (failureOf(error) !== 'refused') return new StorageError('STORAGE', text, where);
  return new StoreRefusedError(
    `${text}: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL_S3 (or AWS's ` +
      'files) must give access to a bucket that exists',
  );
}

function reasonOf({ name, message, code, $metadata }: SdkError): string {
  const status = $metadata?.httpStatusCode;
  const attempts = $metadata?.attempts ?? 1;
  const said = [code, message].filter((part) => typeof part === 'string' && part !== '');
  // Where a server answers without a body, as it does to HEAD, the client finds no name either.
  const named = name === 'Error' || name === 'Unknown' || said[0] === name ? [] : [name];
  return [
    status === undefined ? 'the store does not answer' : `the store answered ${status}`,
    `${[...named, ...said.slice(0, 1)].join(': ').slice(0, 500)}`,
    ...(attempts > 1 ? [`after ${attempts} attempts`] : []),
  ].join(', ');
}
