/**
 * How an S3 store is reached, out of the environment. Names are AWS's wherever AWS has one, so that what
 * other tools are told holds here too. Secrets come by the environment or by AWS's own files, never by an
 * argument, and no message tells them.
 */
import { StoreRefusedError } from '../storage-error.js';
import { requestAttempts, requestAttemptsMax } from './limits.js';

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3Settings {
  /** Null: AWS itself. */
  readonly endpoint: string | null;
  /** Null: as AWS's files say. */
  readonly region: string | null;
  /** Whether buckets are the first part of the path; else they are a part of the host's name. */
  readonly pathStyle: boolean;
  /** Tries of one request. */
  readonly attempts: number;
  /** Null: as AWS's files, or the machine's role, say. */
  readonly keys: S3Keys | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws StoreRefusedError with the variable, its value (of a secret, not) and the rule */
export function s3Settings(environment: Environment): S3Settings {
  const value = (name: string): string | null => environment[name] || null;
  const endpoint = value('AWS_ENDPOINT_URL_S3') ?? value('AWS_ENDPOINT_URL');
  if (endpoint !== null && !isHttp(endpoint)) {
    throw new StoreRefusedError(
      'Cannot use the S3 store: AWS_ENDPOINT_URL_S3 must be a URL of http or https: ' +
        `current value is "${endpoint}"`,
    );
  }
  const region = value('AWS_REGION') ?? value('AWS_DEFAULT_REGION');
  return {
    endpoint,
    // Stores of one's own have no regions, and take any for a signature.
    region: region ?? (endpoint === null ? null : 'us-east-1'),
    pathStyle: pathStyle(value('LOCKSTEP_S3_PATH_STYLE')) ?? endpoint !== null,
    attempts: attemptsOf(value('AWS_MAX_ATTEMPTS')),
    keys: keysOf(value),
  };
}

function keysOf(value: (name: string) => string | null): S3Keys | null {
  const accessKeyId = value('AWS_ACCESS_KEY_ID');
  const secretAccessKey = value('AWS_SECRET_ACCESS_KEY');
  const sessionToken = value('AWS_SESSION_TOKEN');
  if (accessKeyId === null && secretAccessKey === null) return null;
  if (accessKeyId === null || secretAccessKey === null) {
    throw new StoreRefusedError(
      'Cannot use the S3 store: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set or ' +
        `both be absent: ${accessKeyId === null ? 'the first' : 'the second'} is absent`,
    );
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken !== null && { sessionToken }) };
}

function attemptsOf(text: string | null): number {
  if (text === null) return requestAttempts;
  const attempts = Number(text);
  if (Number.isInteger(attempts) && attempts >= 1 && attempts <= requestAttemptsMax)
    return attempts;
  throw new StoreRefusedError(
    `Cannot use the S3 store: AWS_MAX_ATTEMPTS must be an integer in [1, ${requestAttemptsMax}]: ` +
      `current value is "${text}"`,
  );
}

function pathStyle(text: string | null): boolean | null {
  if (text === null) return null;
  if (text === '0' || text === '1') return text === '1';
  throw new StoreRefusedError(
    `Cannot use the S3 store: LOCKSTEP_S3_PATH_STYLE must be 0 or 1: current value is "${text}"`,
  );
}

/** Whoever writes a secret into the URL would find it in a message. */
function isHttp(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === '';
}
