/** One file over HTTP, bounded in size and time: what came of it is data, and nothing is thrown. */
import * as http from 'node:http';
import * as https from 'node:https';
import { shownUrl } from './index-address.js';

export type Download =
  | { readonly kind: 'done'; readonly body: Buffer; readonly type: string; readonly url: URL }
  /** `isTemporary`: another try may bring it. */
  | { readonly kind: 'failed'; readonly why: string; readonly isTemporary: boolean };

export interface DownloadWish {
  readonly accept: string;
  /** Of the body, in bytes. */
  readonly limit: number;
  /** Without a byte, in milliseconds. */
  readonly idle: number;
  /** Ends it whatever it does. */
  readonly signal: AbortSignal;
  /** Names proxies: HTTP_PROXY, HTTPS_PROXY, NO_PROXY. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const redirectsMax = 5;

export async function download(from: URL, wish: DownloadWish): Promise<Download> {
  let url = from;
  try {
    for (let redirects = 0; redirects <= redirectsMax; redirects++) {
      const answer = await ask(url, wish);
      const { location } = answer.headers;
      const status = answer.statusCode ?? 0;
      if (status >= 300 && status < 400 && location !== undefined) {
        answer.destroy();
        url = new URL(location, url);
        continue;
      }
      if (status === 200) return await bodyOf(answer, url, wish);
      answer.destroy();
      const isTemporary = status >= 500 || status === 408 || status === 429;
      return failed(`${shownUrl(url)} answered with ${status}`, isTemporary);
    }
    return failed(`${shownUrl(from)} redirects more than ${redirectsMax} times`, false);
  } catch (error) {
    return failed(`${shownUrl(url)}: ${wish.signal.aborted ? 'out of time' : textOf(error)}`, true);
  }
}

const failed = (why: string, isTemporary: boolean): Download => ({
  kind: 'failed',
  why,
  isTemporary,
});

function ask(url: URL, wish: DownloadWish): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const protocol = url.protocol === 'https:' ? https : http;
    // Newer than the types; a Node.js that does not know it leaves it aside.
    const agentOptions = { proxyEnv: wish.environment } as http.AgentOptions;
    const request = protocol.get(
      url,
      {
        agent: new protocol.Agent(agentOptions),
        headers: { accept: wish.accept, 'user-agent': 'lockstep' },
        signal: wish.signal,
        timeout: wish.idle,
      },
      (answer) => {
        request.on('timeout', () => answer.destroy(new Error(silence(wish))));
        resolve(answer);
      },
    );
    request.on('timeout', () => request.destroy(new Error(silence(wish))));
    request.on('error', reject);
  });
}

const silence = ({ idle }: DownloadWish): string => `nothing came for ${idle / 1000} s`;

async function bodyOf(
  answer: http.IncomingMessage,
  url: URL,
  { limit }: DownloadWish,
): Promise<Download> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) {
      // Leaving the loop destroys the answer.
      return failed(`${shownUrl(url)} has more than ${limit} bytes`, false);
    }
    parts.push(part);
  }
  const type = answer.headers['content-type'] ?? '';
  return { kind: 'done', body: Buffer.concat(parts), type, url };
}

/** An address that stands for several has an error for each, and none of its own. */
function textOf(error: unknown): string {
  const { message, code, errors } = error as Error & { code?: string; errors?: Error[] };
  return message || errors?.[0]?.message || code || String(error);
}
