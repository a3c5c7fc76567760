import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { inRoot } from '../../setup/paths.mjs';
import { isIgnored } from './ignored.mjs';

const own = readFileSync(inRoot('.dockerignore'), 'utf8');

// Would catch: a secret, a repository or gigabytes of somebody's runs in a layer of a build.
it('the context of a build has nothing but sources', () => {
  for (const path of [
    '.git/config',
    '.env',
    'k8s/.env.local',
    '.npmrc',
    'node_modules/ws/index.js',
    'dist/cli/main.js',
    'build/images/nats.tar',
    '.venv/bin/python',
    'runs/a/result.json',
    'data/ml-100k/items.bin',
    'job.yaml',
    'k8s/nats/operator.creds',
    'process/tls.key',
    'worker/links.pem',
    'README.md',
    'e2e/golden/cases/a.safetensors',
  ]) {
    assert.ok(isIgnored(own, path), path);
  }
});

// Would catch: a new folder of sources that a build inside does not see.
it('the context of a build has everything that is compiled and set up', () => {
  const { include } = JSON.parse(readFileSync(inRoot('tsconfig.json'), 'utf8'));
  for (const path of [
    ...include.map((folder) => `${folder}/main.ts`),
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'LICENSE',
    'cli/lockstep.mjs',
    'tools/images/lay-out.mjs',
    'tools/setup/steps.mjs',
    'k8s/images/root.sh',
    'k8s/images/healthcheck.mjs',
    'worker/engine/torch/native/CMakeLists.txt',
    'e2e/golden/golden-case.ts',
  ]) {
    assert.ok(!isIgnored(own, path), path);
  }
});

it('the last line that matches decides, folders included', () => {
  const text = '*\n!a\na/b\n**/*.key\n!a/b/c.key';
  assert.ok(isIgnored(text, 'x'));
  assert.ok(!isIgnored(text, 'a/d'));
  assert.ok(isIgnored(text, 'a/b/d'));
  assert.ok(isIgnored(text, 'a/e/f.key'));
  assert.ok(!isIgnored(text, 'a/b/c.key'));
});
