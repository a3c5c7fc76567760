/** A package index of one file on this machine, which can be told to misbehave. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Wheel } from './wheel.js';

export const probe: Wheel = {
  name: 'probe',
  version: '1.0',
  file: 'probe-1.0-py3-none-any.whl',
};

export interface IndexServer {
  /** Of the index, for the environment. */
  readonly url: string;
  /** What was asked for, in order. */
  readonly requests: IncomingMessage[];
}

/** What it does in place of an answer; true where it has done something. */
export type Misbehaviour = (
  request: IncomingMessage,
  response: ServerResponse,
  earlier: number,
) => boolean;

export async function indexServer(
  context: Pick<TestContext, 'after'>,
  contents: Buffer,
  misbehave: Misbehaviour = () => false,
  wheel: Wheel = probe,
): Promise<IndexServer> {
  const requests: IncomingMessage[] = [];
  const sha256 = createHash('sha256').update(contents).digest('hex');
  const server = createServer((request, response) => {
    const earlier = requests.filter(({ url }) => url === request.url).length;
    requests.push(request);
    if (misbehave(request, response, earlier)) return;
    if (request.url === `/simple/${wheel.name}/`) {
      const files = [{ filename: wheel.file, url: '../../files/probe', hashes: { sha256 } }];
      response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
      response.end(JSON.stringify({ meta: { 'api-version': '1.0' }, name: wheel.name, files }));
    } else if (request.url === '/files/probe') response.end(contents);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/simple`, requests };
}
