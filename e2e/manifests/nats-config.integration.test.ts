/** nats-server itself reads the configurations of the manifests, with what the controller adds. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deriveKeys } from '../../k8s/nats/keys.js';
import { natsAuthSecret } from '../../k8s/nats/server-auth.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { readManifest } from './manifest-objects.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-nats-config-'));
after(() => rmSync(folder, { recursive: true }));

const secret = natsAuthSecret(deriveKeys(new Uint8Array(32).fill(7)), 'lockstep-system');
for (const [name, data] of Object.entries(secret.data)) {
  writeFileSync(join(folder, name), Buffer.from(data, 'base64'));
}

function judge(text: string): { status: number | null; said: string } {
  const file = join(folder, 'nats.conf');
  writeFileSync(file, text);
  const env = { ...process.env, POD_NAME: 'lockstep-nats-0' };
  const { status, stderr } = spawnSync(findNatsServer(), ['-t', '-c', file], {
    encoding: 'utf8',
    env,
  });
  return { status, said: stderr };
}

// Would catch: a misspelt setting, for which every server of an installation would refuse to start.
for (const path of ['k8s/components/nats/nats.conf', 'k8s/overlays/dev/one-server/nats.conf']) {
  test(`nats-server accepts ${path}`, () => {
    const { said, status } = judge(readManifest(path));
    assert.equal(status, 0, said);
    assert.notEqual(judge(readManifest(path).replace('max_payload', 'max_paylaod')).status, 0);
  });
}
