/**
 * Who may do what on a nats-server of our own. Plans decide what everyone trains on, so only the
 * coordinator may publish them; a worker may report, read, and nothing else.
 */

export interface NatsUser {
  readonly user: string;
  readonly password: string;
  /** Subjects that the user may publish to; null for all. */
  readonly mayPublish: readonly string[] | null;
}

/** What a worker says: reports of its own run, and the requests that reading streams consists of. */
export const workerSubjects: readonly string[] = [
  'lockstep.*.*.worker.*',
  '$JS.API.INFO',
  '$JS.API.STREAM.INFO.*',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.MSG.GET.*',
  '$JS.API.DIRECT.GET.>',
  '$JS.API.CONSUMER.>',
  '$JS.ACK.>',
  '$JS.FC.>',
];

/** The part of nats-server's configuration that says so. Passwords are hexadecimal. */
export function authorization(users: readonly NatsUser[]): string {
  const lines = users.map(({ user, password, mayPublish }) => {
    const who = `user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)}`;
    const publish = mayPublish === null ? '' : `, permissions: { publish: ${list(mayPublish)} }`;
    return `    { ${who}${publish} }`;
  });
  return `authorization {\n  users: [\n${lines.join('\n')}\n  ]\n}\n`;
}

const list = (subjects: readonly string[]): string =>
  `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`;
