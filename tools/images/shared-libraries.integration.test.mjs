import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { it } from 'node:test';
import { inRoot, libtorch } from '../setup/paths.mjs';
import { readDynamic } from './elf.mjs';
import { librariesOf, setLibraryPath } from './shared-libraries.mjs';

const addon = inRoot('build/native/lockstep_torch.node');
const options = {
  skip:
    process.platform === 'linux' && existsSync(addon) ? false : 'needs the addon of torch on Linux',
};

function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-libraries-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

// Would catch: a library that is missing only in the image, or the hundreds of megabytes that none loads.
it('finds what the addon links, and what that links, and nothing else of torch', options, () => {
  const found = librariesOf(addon, dirname(libtorch())).map((file) => basename(file));
  for (const name of ['libtorch_cpu.so', 'libc10.so']) assert.ok(found.includes(name), name);
  for (const name of ['libtorch_python.so', 'libstdc++.so.6', 'libc.so.6']) {
    assert.ok(!found.includes(name), name);
  }
  // Only a checkout that was set up for GPUs has them to find: without them no kernel is compiled there.
  const isForGpus = found.includes('libtorch_cuda.so');
  for (const name of [/^libcaffe2_nvrtc\.so$/, /^libnvrtc\.so/, /^libnvrtc-builtins\.so/]) {
    assert.equal(
      found.some((file) => name.test(file)),
      isForGpus,
      String(name),
    );
  }
});

// Would catch: a path of the machine that built it in what everyone gets.
it('writes another place of libraries over the one that was linked', options, (t) => {
  const copy = `${scratch(t)}/addon.node`;
  copyFileSync(addon, copy);
  const before = readDynamic(copy);
  setLibraryPath(copy, '$ORIGIN/lib');
  const { needed, paths } = readDynamic(copy);
  assert.deepEqual(needed, before.needed);
  assert.deepEqual(
    paths.map(({ text }) => text),
    ['$ORIGIN/lib'],
  );
});

it('refuses a place that has no room in the file', options, (t) => {
  const copy = `${scratch(t)}/addon.node`;
  copyFileSync(addon, copy);
  assert.throws(
    () => setLibraryPath(copy, `/${'long/'.repeat(80)}`),
    /must have one library path of that length/,
  );
});

it('says that a file is no library', (t) => {
  const file = `${scratch(t)}/text`;
  writeFileSync(file, 'x'.repeat(200));
  assert.throws(() => readDynamic(file), /Cannot read .*text: it is no 64-bit ELF file/);
  writeFileSync(file, 'short');
  assert.throws(() => readDynamic(file), /Cannot read .*text: it ends at byte 5/);
});
