/** One client a store, made when a bucket is first asked for: most runs never load it. */
import type { S3, S3ClientConfig } from '@aws-sdk/client-s3';
import { S3Bucket } from './bucket.js';
import { answerTimeout, connectTimeout, silenceTimeout } from './limits.js';
import { type S3Settings, s3Settings } from './s3-settings.js';

const clients = new Map<string, Promise<S3>>();

/** @throws StoreRefusedError where the environment's settings cannot be used */
export async function openBucket(
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<S3Bucket> {
  const settings = s3Settings(environment);
  const key = JSON.stringify(settings);
  let client = clients.get(key);
  if (client === undefined) {
    client = connect(settings);
    clients.set(key, client);
  }
  return new S3Bucket(await client, name);
}

async function connect({ endpoint, region, pathStyle, attempts, keys }: S3Settings): Promise<S3> {
  // It would say on every start that versions to come want a newer Node than we do.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { S3 } = await import('@aws-sdk/client-s3');
  const configuration: S3ClientConfig = {
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: connectTimeout,
      requestTimeout: answerTimeout,
      throwOnRequestTimeout: true,
      socketTimeout: silenceTimeout,
    },
    ...(endpoint !== null && { endpoint }),
    ...(region !== null && { region }),
    ...(keys !== null && { credentials: keys }),
  };
  return new S3(configuration);
}
