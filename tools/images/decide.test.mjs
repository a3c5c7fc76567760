import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decideBuilder, decideSource } from './decide.mjs';

const all = { docker: true, buildah: true };
const none = { docker: false, buildah: false };
const here = { platform: 'linux', codename: 'bookworm', contexts: true };

it('takes Docker where its engine answers, else buildah', () => {
  assert.equal(decideBuilder(undefined, all).builder, 'docker');
  assert.equal(decideBuilder(undefined, { ...all, docker: false }).builder, 'buildah');
  assert.equal(decideBuilder('buildah', all).builder, 'buildah');
});

// Would catch: a build that takes another builder than the one that was named.
it('says what to install where there is none, and keeps to what was asked for', () => {
  assert.deepEqual(decideBuilder('docker', { ...all, docker: false }), {
    builder: null,
    reason: 'docker does not answer on this machine',
  });
  const { builder, reason } = decideBuilder(undefined, none);
  assert.equal(builder, null);
  assert.match(reason, /apt-get install .* buildah debootstrap/);
});

it('takes what the checkout has where it runs in the image too', () => {
  assert.equal(decideSource(undefined, 'worker', here, 'cpu').source, 'checkout');
  assert.equal(decideSource(undefined, 'worker-cuda', here, 'cuda').source, 'checkout');
  assert.equal(decideSource('inside', 'worker', here, 'cpu').source, 'inside');
});

// Would catch: an addon in the image that wants a newer glibc than is there, or CUDA in the image for CPUs.
it('builds inside where the addons would not run in the image', () => {
  const reasonOf = (image, system, torch) => {
    const decided = decideSource(undefined, image, { ...here, ...system }, torch);
    assert.equal(decided.source, 'inside');
    return decided.reason;
  };
  assert.match(reasonOf('worker', { codename: 'noble' }, 'cpu'), /linked on noble/);
  assert.match(reasonOf('worker', { codename: null }, 'cpu'), /linked on another system/);
  assert.match(reasonOf('worker', { platform: 'darwin' }, 'cpu'), /on darwin/);
  assert.match(reasonOf('worker', {}, 'cuda'), /torch for cpu, the checkout has cuda/);
  assert.match(reasonOf('worker-cuda', {}, 'cpu'), /torch for cuda, the checkout has cpu/);
  assert.match(reasonOf('coordinator', { contexts: false }, 'cpu'), /no buildx/);
});

it('has no addons in the coordinator, which any Linux may build', () => {
  assert.equal(
    decideSource(undefined, 'coordinator', { ...here, codename: 'noble' }, 'absent').source,
    'checkout',
  );
});

it('refuses the checkout where it was asked for and cannot be', () => {
  const { source, reason } = decideSource(
    'checkout',
    'worker',
    { ...here, codename: 'noble' },
    'cpu',
  );
  assert.equal(source, null);
  assert.match(reason, /Debian bookworm/);
});
