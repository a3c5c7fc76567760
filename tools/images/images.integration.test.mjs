/** The images as they are built, and processes in them as a container of Kubernetes runs them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inRoot } from '../setup/paths.mjs';
import { filesBelow } from '../setup/stamp.mjs';
import { images as limits } from './components.mjs';
import { readDynamic } from './elf.mjs';
import { namesIn, packageOf } from './reachable.mjs';
import { firstProcess, startInside, unpack, whyNot } from './unpacked-image-fixture.mjs';

const names = ['coordinator', 'worker'];
const longest = 900_000;
const unwanted =
  /^(apt(-.*)?|dpkg(-.*)?|npm|npx|yarn|corepack|pip.*|python.*|perl.*|g?cc(-.*)?|[gc]\+\+(-.*)?|cpp|ld|as|make|cmake|curl|wget|su|sudo|mount|passwd|chsh|newgrp)$/;

describe('the images', { skip: whyNot(), timeout: longest }, () => {
  const built = {};

  before(
    () => {
      const words = [inRoot('tools/images.mjs'), ...names, '--builder', 'buildah', '--json'];
      const options = { encoding: 'utf8', timeout: longest, cwd: inRoot('') };
      for (const line of execFileSync(process.execPath, words, options).trim().split('\n')) {
        const said = JSON.parse(line);
        built[said.image] = { said, ...unpack(said.archive) };
      }
    },
    { timeout: longest },
  );

  after(() => {
    for (const { root } of Object.values(built)) rmSync(root, { recursive: true, force: true });
  });

  // Would catch: an engine in the coordinator, or CUDA's libraries in the worker for CPUs.
  it('are not larger than promised', () => {
    for (const name of names) {
      const { bytes } = built[name].said;
      assert.ok(bytes > 50e6 && bytes <= limits[name].mostBytes, `${name}: ${bytes}`);
    }
  });

  it('start node itself, as a user without rights, and say what they are', () => {
    for (const name of names) {
      const { config } = built[name].config;
      assert.equal(config.User, '65532:65532');
      assert.deepEqual(config.Entrypoint, ['/usr/local/bin/node', '/lockstep/cli/lockstep.mjs']);
      assert.deepEqual(config.Healthcheck.Test, [
        'CMD',
        '/usr/local/bin/node',
        '/lockstep/healthcheck.mjs',
      ]);
      assert.match(config.Labels['org.opencontainers.image.version'], /^\d+\.\d+\.\d+/);
      assert.match(config.Labels['org.opencontainers.image.revision'], /^([0-9a-f]{40}|unknown)/);
    }
  });

  // Would catch: a base that was not thinned, a program that changes its user, a file that its user may change.
  it('have no package manager, no compiler, nothing setuid, nothing to write to', () => {
    for (const name of names) {
      const { root } = built[name];
      const find = (...words) =>
        execFileSync('find', [root, '-xdev', ...words], { encoding: 'utf8' })
          .split('\n')
          .filter(Boolean);
      const programs = find('-type', 'f', '-perm', '/111', '-path', '*bin/*');
      assert.ok(programs.some((path) => path.endsWith('/bin/node')));
      assert.deepEqual(
        programs.filter((path) => unwanted.test(path.replace(/.*\//, ''))),
        [],
      );
      assert.deepEqual(find('-perm', '/6000'), []);
      const writable = find('!', '-type', 'l', '(', '-perm', '-0002', '-o', '-user', '65532', ')');
      assert.deepEqual(writable.map((path) => path.slice(root.length)).sort(), [
        '/tmp',
        '/var/lib/lockstep',
        '/var/tmp',
      ]);
    }
  });

  // Would catch: tests, sources and this machine's paths that travel to everyone.
  it('have nothing of tests, and no path of the machine that built them', () => {
    for (const name of names) {
      const { root } = built[name];
      const code = filesBelow(`${root}/lockstep`).map((path) => path.slice(root.length));
      const own = code.filter((path) => !path.startsWith('/lockstep/node_modules/'));
      assert.deepEqual(
        own.filter((path) => /\.(test|contract|bench)\.|-fixture|\.map$|\.ts$/.test(path)),
        [],
      );
      const addons = own.filter((path) => path.endsWith('.node'));
      const paths = addons.flatMap((path) =>
        readDynamic(`${root}${path}`).paths.map(({ text }) => text),
      );
      assert.deepEqual(paths, name === 'worker' ? ['$ORIGIN/../../lib/torch/lib'] : []);
    }
  });

  // Would catch: libtorch or tfjs for processes that never compute; the API of Kubernetes in workers.
  it('have each what its processes load, and not what only the other loads', () => {
    const has = (name, path) => filesBelow(built[name].root).some((file) => file.includes(path));
    assert.ok(has('worker', '/libtorch_cpu.so') && has('worker', '/@tensorflow/tfjs-core/'));
    assert.ok(has('coordinator', '/@kubernetes/client-node/'));
    assert.ok(has('coordinator', '/dist/k8s/controller/main.js'));
    assert.ok(!has('coordinator', '/libtorch') && !has('coordinator', '/@tensorflow/'));
    assert.ok(!has('worker', '/@kubernetes/') && !has('worker', 'libtorch_python'));
  });

  // Would catch: a file of a package that was left out although another one loads it.
  it('load every package that their code names', async () => {
    for (const name of names) {
      const { root } = built[name];
      const modules = filesBelow(`${root}/lockstep/dist`).map((file) => readFileSync(file, 'utf8'));
      const wanted = new Set(modules.flatMap(namesIn).filter((each) => !/^(\.|node:)/.test(each)));
      const left = { coordinator: [/^@tensorflow\//], worker: [/^@kubernetes\//] }[name];
      const all = [...wanted].filter((each) => !left.some((rule) => rule.test(packageOf(each))));
      assert.ok(all.length > 5);
      const program = `for (const name of ${JSON.stringify(all)}) await import(name); console.log('all');`;
      const words = ['/usr/local/bin/node', '--input-type=module', '--eval', program];
      const inside = startInside(built[name], {
        words: ['/usr/bin/env', '-C', '/lockstep', ...words],
      });
      const { code, stdout, stderr } = await inside.end;
      assert.equal(stdout.trim(), 'all', stderr);
      assert.equal(code, 0);
    }
  });

  it('run lockstep on a root that cannot be written', async () => {
    const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
    for (const name of names) {
      const { code, stdout, stderr } = await startInside(built[name], { more: ['version'] }).end;
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${version}\n`, stderr: '' });
      const program = "require('node:fs').writeFileSync('/lockstep/a', '')";
      const words = ['/usr/local/bin/node', '--eval', program];
      assert.match((await startInside(built[name], { words }).end).stderr, /EROFS|EACCES/);
    }
  });

  // Would catch: a stack trace where someone asks the wrong image.
  it('say in words what an image leaves out', async () => {
    const { code, stderr } = await startInside(built.coordinator, {
      more: ['recommend', 'somewhere', '--user', '1'],
    }).end;
    assert.equal(code, 2);
    assert.match(stderr, /^lockstep: Cannot run lockstep recommend: this installation leaves out/);
  });

  // Would catch: a pod that holds up the drain of its node for its whole grace period.
  it('end by SIGTERM while they wait for NATS', async (t) => {
    const waits = {
      coordinator: ['coordinator', '/tmp/small/job.json', '--output', '/tmp/run'],
      worker: ['worker', '--job', 'small', '--output', '/tmp/worker'],
    };
    const folder = scratch(t);
    await smallJobIn(folder);
    for (const name of names) {
      const inside = startInside(built[name], {
        more: [...waits[name], '--nats', 'nats://127.0.0.1:9'],
        binds: { small: folder },
      });
      await said(inside, /waiting: Cannot connect to nats-server/);
      process.kill(firstProcess(inside), 'SIGTERM');
      const { code } = await inside.end;
      assert.ok([5, 143].includes(code), `${name} ended with ${code}`);
    }
  });

  // Would catch: a health check that is well whatever the process says.
  it('answer a health check by what the process says', async () => {
    const program = `
const { createServer } = require('node:http');
const { execFile } = require('node:child_process');
const check = () => new Promise((resolve) => execFile(process.execPath, ['/lockstep/healthcheck.mjs'], (error) => resolve(error?.code ?? 0)));
let status = 200;
createServer((request, response) => response.writeHead(request.url === '/healthz' ? status : 404).end()).listen(9777, '127.0.0.1', async () => {
  const well = await check();
  status = 503;
  console.log(well, await check());
  process.exit(0);
});`;
    const port = ['--', '--metrics-port', '9777'];
    const words = ['/usr/local/bin/node', '--eval', program, ...port];
    assert.deepEqual(await startInside(built.coordinator, { words }).end, {
      code: 0,
      signal: null,
      stdout: '0 1\n',
      stderr: '',
    });
  });

  // Would catch: another libtorch, another build of the addons, or libraries harmed by stripping.
  it('train to the same bits as the checkout', async (t) => {
    const folder = scratch(t);
    await smallJobIn(folder);
    const train = (job, output) => ['train', job, '--workers', '2', '--output', output, '--json'];
    const outside = execFileSync(
      process.execPath,
      [inRoot('cli/lockstep.mjs'), ...train(`${folder}/job.json`, `${folder}/run`)],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const inside = await startInside(built.worker, {
      more: train('/tmp/small/job.json', '/tmp/run'),
      environment: { LOCKSTEP_NATS_SERVER: '/tmp/nats-server' },
      binds: { small: folder, 'nats-server': realpathSync(inRoot('.venv/bin/nats-server')) },
    }).end;
    const last = (text) => JSON.parse(text.trim().split('\n').at(-1));
    assert.equal(inside.code, 0, inside.stderr);
    assert.equal(last(inside.stdout).committed_steps, 4);
    assert.match(last(outside).weights_sha256, /^[0-9a-f]{64}$/);
    assert.equal(last(inside.stdout).weights_sha256, last(outside).weights_sha256);
  });
});

function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-images-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // Whoever reads it inside is another user.
  execFileSync('chmod', ['755', folder]);
  return folder;
}

/** Writes a job that torch trains in a moment, its dataset beside it. */
async function smallJobIn(folder) {
  const from = (name) => import(inRoot(`dist/e2e/run/small-run/${name}.js`));
  const [{ smallDataset }, { smallJob }] = await Promise.all([
    from('small-dataset'),
    from('small-job'),
  ]);
  mkdirSync(folder, { recursive: true });
  await smallDataset(`${folder}/dataset`, 6, 20);
  const job = smallJob('dataset', {
    lanes: 2,
    workers: { replicas: 2 },
    duration: { steps: 4 },
    engine: { name: 'torch', threads: 1 },
  });
  writeFileSync(`${folder}/job.json`, JSON.stringify(job));
}

/** Resolves when the process has said it on either output. */
const said = ({ child, output, end }, pattern) =>
  new Promise((resolve, reject) => {
    const look = () => {
      if (pattern.test(output.stdout + output.stderr)) resolve();
    };
    for (const name of ['stdout', 'stderr']) child[name].on('data', look);
    end.then(() =>
      reject(new Error(`It ended before it said ${pattern}: ${JSON.stringify(output)}`)),
    );
    look();
  });
