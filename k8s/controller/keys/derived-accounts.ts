/** `JobAccounts` of an installation: everything is derived from its keys, and NATS is told. */
import { type JobIdentity, jobCredentials } from '../../nats/credentials.js';
import type { Keys } from '../../nats/keys.js';
import type { NatsAccounts } from '../../nats/nats-accounts.js';
import type { JobSecrets } from '../children/installation.js';
import type { JobAccounts } from '../shell/job-accounts.js';

interface Known {
  readonly secrets: JobSecrets;
  readonly accountJwt: string;
}

/** Signatures take a millisecond each, and reports are checked with what comes along. */
const knownMax = 5_000;

export function derivedAccounts(keys: Keys, nats: NatsAccounts, servers: number): JobAccounts {
  const known = new Map<string, Known>();
  const of = ({ name, uid }: JobIdentity): Known => {
    const found = known.get(uid);
    if (found !== undefined) return found;
    const { accountJwt, ...creds } = jobCredentials(keys, { name, uid }, servers);
    const made: Known = {
      accountJwt,
      secrets: {
        ...creds,
        linksSecret: keys.linksSecret(uid),
        reportKey: keys.reportKey(uid),
        operatorToken: keys.operatorToken(uid),
      },
    };
    if (known.size >= knownMax) known.clear();
    known.set(uid, made);
    return made;
  };
  return {
    secretsOf: (job) => of(job).secrets,
    push: (job) => nats.push(of(job).accountJwt),
    async remove(job) {
      await nats.remove(job.uid, job.name);
      known.delete(job.uid);
    },
    close: () => nats.close(),
  };
}
