import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { check } from './check.js';
import { keptInputs, keptTargets } from './corpus.js';
import { findingText, fuzz } from './fuzz.js';
import { minimise } from './minimise.js';
import { targets as planted } from './planted-fixture.js';
import { problemText, type Target } from './target.js';
import { targets } from './targets/targets.js';

/** A minute in all, shared by the readers. */
const minute = 60_000;

// Catches: a fault that was mended once and is back.
test('what failed once is read as it should be', () => {
  const known = targets();
  for (const name of keptTargets()) {
    const target = known.find((each) => each.name === name);
    assert.ok(target !== undefined, `fuzz/corpus/${name} is of no target`);
    for (const { file, input } of keptInputs(name)) {
      const problem = check(target, input);
      assert.equal(problem === null ? null : `${file}: ${problemText(problem)}`, null);
    }
  }
});

// Catches: a target whose examples are refused, so that only nonsense is tried on it.
test('the examples of each target are read, and lose nothing', () => {
  for (const target of targets()) {
    for (const seed of target.seeds) {
      assert.doesNotThrow(() => target.read(seed.slice()), target.name);
      assert.equal(check(target, seed), null, target.name);
    }
  }
});

// Catches: a fuzzer that finds nothing whatever is wrong, and one that is lost to what it finds.
test('planted faults are found, each in its kind, and nothing where nothing is wrong', async () => {
  const module = new URL('./planted-fixture.js', import.meta.url).href;
  const [right, ...wrong] = planted();
  const options = { seed: 1, module, silence: 3000, mebibytes: 64 };
  const found = [
    ...(await fuzz([right as Target], { ...options, milliseconds: 200 })),
    // Each ends with what it finds, by the number of the input, and so long before.
    ...(await fuzz(wrong, { ...options, milliseconds: minute })),
  ];
  const texts = new Map(found.map(({ target, finding }) => [target, finding?.text ?? '']));
  assert.equal(texts.get('right'), '');
  assert.match(texts.get('trusting') ?? '', /^it takes \d+ bytes of memory/);
  assert.match(texts.get('throwing') ?? '', /^it throws RangeError: beyond the end/);
  assert.match(texts.get('forgetful') ?? '', /^what it read is another/);
  assert.match(texts.get('endless') ?? '', /^it does not end/);
  assert.match(texts.get('hoarding') ?? '', /^it ends the thread: .*memory/);
});

// Catches: a shorter input that fails in no way any more.
test('a failing input is made shorter for as long as it fails', () => {
  const input = Uint8Array.from({ length: 999 }, (_, index) => index % 256);
  const fails = (bytes: Uint8Array): boolean => bytes.includes(7) && bytes.includes(200);
  assert.deepEqual(
    [...minimise(input, fails)].sort((a, b) => a - b),
    [7, 200],
  );
});

// Catches: a reader of what comes from outside that throws what nobody catches, forgets, or can be made to
// take time or memory. Other inputs each time: what fails is printed, to be kept in fuzz/corpus.
test('no input of a minute breaks a reader', async (context) => {
  const seed = randomInt(2 ** 31);
  const known = targets();
  const results = await fuzz(known, { seed, milliseconds: minute / known.length });
  const inputs = results.reduce((sum, result) => sum + result.inputs, 0);
  context.diagnostic(`seed ${seed}, ${inputs} inputs`);
  const findings = results.filter(({ finding }) => finding !== null);
  assert.deepEqual(
    findings.map((each) => findingText(each, seed)),
    [],
  );
  assert.equal(results.length, known.length);
});
