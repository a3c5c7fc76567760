import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UsageError } from '../../usage-error.js';
import { readConfig } from './read-config.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-kubeconfig-'));
const before = process.env.KUBECONFIG;
after(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
});

function use(text: string | object): void {
  const file = join(folder, 'config');
  writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
  process.env.KUBECONFIG = file;
}

const sound = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'near', cluster: { server: 'https://127.0.0.1:6443' } }],
  users: [{ name: 'me', user: { token: 'secret' } }],
  contexts: [
    { name: 'work', context: { cluster: 'near', user: 'me', namespace: 'team' } },
    { name: 'play', context: { cluster: 'far', user: 'me' } },
  ],
};

test('the current context is taken, or the one that is named', () => {
  use({ ...sound, 'current-context': 'work' });
  assert.equal(readConfig(null).getCurrentCluster()?.server, 'https://127.0.0.1:6443');
  use(sound);
  assert.equal(readConfig('work').getContextObject('work')?.namespace, 'team');
});

// Would catch an error of the client's own inside, or one about another thing than what is wrong.
for (const [what, text, context, says] of [
  ['an empty file', '', null, /config: it is none$/],
  ['no YAML', '[1,', null, /config: /],
  ['no current context', sound, null, /no current context: give --context one of "work", "play"$/],
  ['no context at all', { ...sound, contexts: [] }, null, /the kubeconfig has no context$/],
  ['an unknown context', sound, 'fun', /--context must be one of "work", "play": .*"fun"$/],
  [
    'a cluster that is not there',
    sound,
    'play',
    /"play" names "far", which the kubeconfig has not/,
  ],
  [
    'an address without TLS',
    { ...sound, clusters: [{ name: 'near', cluster: { server: 'http://u:geheim@h' } }] },
    'work',
    /"work": its server must be an https address: it begins with "http:"$/,
  ],
] as const) {
  test(`a kubeconfig with ${what} is refused in words`, () => {
    use(text);
    assert.throws(
      () => readConfig(context),
      (error) => error instanceof UsageError && says.test(error.message),
    );
  });
}
