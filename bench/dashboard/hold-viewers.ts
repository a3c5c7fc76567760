/** A process of viewers, who read what a dashboard tells of a run and forget it. Its parent says how many there are. */
import { type ClientRequest, get } from 'node:http';

export interface WantedViewers {
  /** Of the run's events. */
  readonly url: string;
  readonly viewers: number;
}

export interface HeldViewers {
  /** Who is there, with a first message. */
  readonly viewers: number;
  /** That came since the last time. */
  readonly bytes: number;
}

let held: ClientRequest[] = [];
let bytes = 0;

process.on('message', ({ url, viewers }: WantedViewers) => {
  for (const request of held) request.destroy();
  const joined = Array.from({ length: viewers }, () => join(url));
  held = joined.map(({ request }) => request);
  Promise.all(joined.map(({ first }) => first)).then(
    () => {
      const answer: HeldViewers = { viewers, bytes };
      bytes = 0;
      process.send?.(answer);
    },
    (error: Error) => {
      throw error;
    },
  );
});
process.on('disconnect', () => process.exit());

function join(url: string): { request: ClientRequest; first: Promise<void> } {
  const request = get(url, { agent: false });
  const first = new Promise<void>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
      // Whoever is let go meets an end in mid-stream.
      response.on('error', () => undefined);
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        resolve();
      });
    });
  });
  return { request, first };
}
