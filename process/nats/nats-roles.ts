/**
 * Who may do what on nats-server. Plans and the log decide what everyone trains on and what counts as
 * trained, so only the coordinator may write them; a worker may report and read, and whoever watches
 * may read the log and ask for an end. A job's users live in an account of their own: names of
 * streams are single tokens of a subject, so within one account no pattern can limit a user to the
 * streams of one job, while accounts do not see each other at all.
 */

export type NatsRole = 'coordinator' | 'worker' | 'watcher';

export const natsRoles: readonly NatsRole[] = ['coordinator', 'worker', 'watcher'];

export interface NatsUser {
  readonly user: string;
  readonly password: string;
  /** Subjects that the user may publish to and listen to; null for all. */
  readonly may: NatsRights | null;
}

export interface NatsRights {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Keys of a job in the bucket of claims, as subjects. */
const valuesOf = (job: string): string[] => [
  `$KV.lockstep-runs.${job}`,
  `$KV.lockstep-runs.${job}.>`,
];

/** The requests that reading streams and files consists of, but for making a consumer. */
const reading = [
  '$JS.API.INFO',
  '$JS.API.STREAM.INFO.*',
  '$JS.API.CONSUMER.INFO.*.*',
  '$JS.API.CONSUMER.MSG.NEXT.*.*',
  '$JS.ACK.>',
  '$JS.FC.>',
];

/**
 * @param job `*` for every job of the account.
 */
export function rightsOf(role: NatsRole, job: string, user: string): NatsRights {
  const inbox = `_INBOX_${user}.>`;
  if (role === 'coordinator') {
    return {
      publish: [
        `lockstep.${job}.>`,
        ...valuesOf(job),
        '$O.>',
        '$JS.API.>',
        '$JS.ACK.>',
        '$JS.FC.>',
      ],
      subscribe: [`lockstep.${job}.>`, inbox],
    };
  }
  if (role === 'worker') {
    return {
      publish: [
        `lockstep.${job}.*.worker.*`,
        ...reading,
        '$JS.API.STREAM.NAMES',
        '$JS.API.STREAM.MSG.GET.*',
        '$JS.API.DIRECT.GET.>',
        '$JS.API.CONSUMER.CREATE.>',
        '$JS.API.CONSUMER.DELETE.*.*',
      ],
      subscribe: [`lockstep.${job}.*.coordinator`, inbox],
    };
  }
  return {
    publish: [
      `lockstep.${job}.*.control`,
      // Of its own account: the log of a run that is over is found by it.
      '$JS.API.STREAM.NAMES',
      ...reading,
      // A consumer's filter is a part of the subject that asks for it.
      `$JS.API.CONSUMER.CREATE.*.*.lockstep.${job}.*.log`,
      ...valuesOf(job).flatMap((key) => [
        `$JS.API.CONSUMER.CREATE.KV_lockstep-runs.*.${key}`,
        `$JS.API.DIRECT.GET.KV_lockstep-runs.${key}`,
      ]),
    ],
    subscribe: [`lockstep.${job}.*.progress`, inbox],
  };
}

/** The users of a job; `prefix` tells those of several jobs on one server apart. */
export function usersOfJob(
  job: string,
  passwords: Readonly<Record<NatsRole, string>>,
  prefix = '',
): NatsUser[] {
  return natsRoles.map((role) => {
    const user = `${prefix}${role}`;
    return { user, password: passwords[role], may: rightsOf(role, job, user) };
  });
}

/**
 * What belongs into the `accounts` of a shared nats-server's configuration for one job: its account
 * and its users `<job>-coordinator`, `<job>-worker` and `<job>-watcher`, with passwords of the caller.
 * In a file of its own for each job, it stands there by `accounts { include lockstep-NAME.conf }`.
 */
export const natsUsersText = (job: string, passwords: Readonly<Record<NatsRole, string>>): string =>
  accountText(`lockstep-${job}`, usersOfJob(job, passwords, `${job}-`));

/** An account with JetStream, as nats-server's configuration has them. */
export function accountText(name: string, users: readonly NatsUser[]): string {
  const lines = users.map(userText).join('\n');
  return `${JSON.stringify(name)}: {\n  jetstream: enabled\n  users: [\n${lines}\n  ]\n}\n`;
}

function userText({ may, password, user }: NatsUser): string {
  const who = `user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)}`;
  if (may === null) return `    { ${who} }`;
  const rights = `publish: ${list(may.publish)}, subscribe: ${list(may.subscribe)}`;
  return `    { ${who}, permissions: { ${rights} } }`;
}

const list = (subjects: readonly string[]): string =>
  `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`;
