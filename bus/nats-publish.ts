import { type ApiError, headers, JSONCodec, type MsgHdrs, NatsError, type PubAck } from 'nats';
import { busRequestTimeout } from '../shared/limits.js';
import type { NatsSession } from './nats-session.js';

export interface Publication {
  readonly subject: string;
  readonly data: Uint8Array;
  /** `Nats-Msg-Id` and others that say on which condition it may be stored. */
  readonly conditions: Readonly<Record<string, string>>;
}

/**
 * Publishes to a stream and reads the answer. The client's own function takes every refusal of the
 * class 503 for a server without JetStream, and a full disk or a stream at its limit is one.
 *
 * @throws NatsError with the server's own code and words.
 */
export async function publishStored(
  session: NatsSession,
  { conditions, data, subject }: Publication,
): Promise<PubAck> {
  const options = { timeout: busRequestTimeout, headers: headersOf(conditions) };
  const reply = await session.client.request(subject, data, options);
  const answer = answers.decode(reply.data);
  if (answer.error === undefined) return answer;
  const error = new NatsError(answer.error.description, `${answer.error.code}`);
  error.api_error = answer.error;
  throw error;
}

const answers = JSONCodec<PubAck & { readonly error?: ApiError }>();

function headersOf(conditions: Readonly<Record<string, string>>): MsgHdrs {
  const all = headers();
  for (const [name, value] of Object.entries(conditions)) all.set(name, value);
  return all;
}
