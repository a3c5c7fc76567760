import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../../shared/project-root.js';
import { mebibytes } from '../../../shared/units.js';
import { doctorText } from '../doctor-text.js';
import type { Facts } from '../facts/facts.js';
import { checkAll } from './check-all.js';
import { leastNode } from './check-machine.js';
import { bareMachine, goodMachine } from './facts-fixture.js';

const levelOf = (facts: Facts, name: string, engine: 'torch' | 'tensorflow' | 'wasm' = 'torch') =>
  checkAll(facts, engine).find((check) => check.name === name)?.level;

// Would catch a script that goes on where training cannot begin, and alarm about what nobody needs.
test('a machine that has what training needs is told nothing to do', () => {
  const checks = checkAll(goodMachine(), 'torch');
  assert.deepEqual(
    checks.filter(({ level }) => level !== 'ok'),
    [],
  );
  assert.match(doctorText(checks, false, 100), /Everything that training needs is here/);
});

// Would catch a finding that leaves its reader alone with it.
test('whatever is not as it should be says the command or the setting that helps', () => {
  const checks = checkAll(bareMachine, 'torch');
  const wrong = checks.filter(({ level }) => level !== 'ok');
  assert.ok(wrong.length >= 9);
  for (const { help, name } of wrong) assert.ok(help !== null && help.length > 10, name);
  assert.deepEqual(
    checks.filter(({ level }) => level === 'missing').map(({ name }) => name),
    ['Node.js', 'engine torch', 'nats-server', 'LOCKSTEP_NATS_URL', 'ports'],
  );
});

// Would catch a machine that is called ready in a folder where nothing can be written.
test('a folder that cannot be written is told, however much room its disk has', () => {
  const facts = goodMachine({ folderRefusal: 'EROFS' });
  assert.equal(levelOf(facts, 'disk'), 'warning');
  assert.match(doctorText(checkAll(facts, 'torch'), false, 100), /cannot be written \(EROFS\)/);
});

// Would catch an engine that is taken for needed because it is the default, and a broken one that passes.
test('an engine that jobs name must be there, and another one need not', () => {
  const facts = goodMachine({
    engines: {
      torch: { kind: 'absent', file: '/x' },
      tensorflow: { kind: 'broken', reason: 'libtensorflow_cc.so.2: cannot open' },
    },
  });
  assert.equal(levelOf(facts, 'engine torch', 'torch'), 'missing');
  assert.equal(levelOf(facts, 'engine torch', 'wasm'), 'ok');
  assert.equal(levelOf(facts, 'engine tensorflow', 'torch'), 'warning');
  assert.equal(levelOf(facts, 'engine tensorflow', 'tensorflow'), 'missing');
});

// Would catch a GPU that stands idle, of which nobody is told.
test('a driver that torch does not use is told, and one that it uses is not', () => {
  const facts = (device: string): Facts =>
    goodMachine({
      driver: '550.54.15',
      engines: { ...goodMachine().engines, torch: { kind: 'open', version: '2', device } },
    });
  assert.equal(levelOf(facts('cpu'), 'GPU'), 'warning');
  assert.equal(levelOf(facts('cuda'), 'GPU'), 'ok');
});

// Would catch a container of one and a half processors that is asked for eight threads.
test('what a control group takes away is told', () => {
  const of = (changes: Partial<Facts>, name: string) => levelOf(goodMachine(changes), name);
  assert.equal(of({ processorShare: 1.5 }, 'processors'), 'warning');
  assert.equal(of({ processorShare: 8 }, 'processors'), 'ok');
  assert.equal(of({ freeMemory: mebibytes(500) }, 'memory'), 'warning');
  assert.equal(of({ freeMemory: null }, 'memory'), 'ok');
});

// Would catch a machine without a nats-server of its own that is sent away although one is named.
test('a server that is named and answers takes the place of one of our own', () => {
  const natsServer = { kind: 'none', reason: 'it is not on PATH' } as const;
  assert.equal(levelOf(goodMachine({ natsServer }), 'nats-server'), 'missing');
  const sharedServer = { kind: 'there', url: 'nats://one:4222' } as const;
  assert.equal(levelOf(goodMachine({ natsServer, sharedServer }), 'nats-server'), 'ok');
});

// Would catch a doctor that accepts what npm and set-up refuse.
test('Node.js is judged as package.json and set-up judge it', () => {
  const { engines } = JSON.parse(readFileSync(new URL('package.json', projectRoot), 'utf8'));
  assert.equal(engines.node, `>=${leastNode.join('.')}`);
  const of = (node: string) => levelOf(goodMachine({ node }), 'Node.js');
  assert.deepEqual(['18.20.4', '20.18.1', '20.19.0', '22.1.0', '23.0.0', '24.0.0'].map(of), [
    'missing',
    'missing',
    'ok',
    'ok',
    'warning',
    'ok',
  ]);
});

// Would catch rows that break on a terminal of 80 columns, and colours in a pipe.
test('the findings fit 80 columns', () => {
  const text = doctorText(checkAll(bareMachine, 'torch'), false, 80);
  const rows = text.split('\n').slice(0, -1);
  for (const line of rows) assert.ok(line.length <= 80 || !line.trim().includes(' '), line);
  assert.ok(!text.includes('\u001b'));
  assert.ok(doctorText(checkAll(bareMachine, 'torch'), true, 80).includes('\u001b[31mmissing'));
});
