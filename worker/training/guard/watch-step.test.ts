import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { firstGuardState, type GuardState, type Readings } from './guard-state.js';
import { certainAfter, clampedAfter, emptyAfter, quietAfter, warnAfter } from './limits.js';
import type { GuardContext } from './signals.js';
import { type Verdict, watchStep, withCandidate } from './watch-step.js';

const byCosine: GuardContext = { masksByCosine: true, vanishingNorm: 1e-5 };
const byText: GuardContext = { ...byCosine, masksByCosine: false };

const healthy: Omit<Readings, 'committedSteps'> = {
  loss: 5,
  negatives: 512,
  liveNegatives: 510,
  itemCosine: 0.7,
  gradientNorm: 2,
  logitScale: 2.66,
};

type Step = Partial<Readings>;
const steps = (count: number, step: Step = {}): Step[] => new Array<Step>(count).fill(step);

/** The verdicts of these steps, and what is remembered after the last one. */
function watch(
  given: readonly Step[],
  context = byCosine,
  from = firstGuardState,
): { verdicts: Verdict[]; state: GuardState } {
  let state = from;
  const verdicts = given.map((step, index) => {
    const watched = watchStep(state, { ...healthy, committedSteps: index + 1, ...step }, context);
    state = watched.state;
    return watched.verdict;
  });
  return { verdicts, state };
}

/** `31 warn negatives`, for every verdict that is none of health. */
const told = (verdicts: readonly Verdict[]): string[] =>
  verdicts.flatMap((verdict, index) => {
    if (verdict.kind === 'healthy') return [];
    if (verdict.kind === 'collapsed' && !verdict.isNews) return [];
    return [`${index + 1} ${verdict.kind} ${verdict.finding.signal}`];
  });

describe('the guard', () => {
  // Would catch a mask that eats the negatives, as in HLLM: warned of at once, certain soon after.
  it('warns of negatives that go, and is certain where half are gone', () => {
    const { verdicts } = watch([
      ...steps(30),
      ...steps(10, { liveNegatives: 350 }),
      ...steps(certainAfter, { liveNegatives: 200, loss: 3 }),
    ]);
    assert.deepEqual(told(verdicts), [
      `${30 + warnAfter} warn negatives`,
      `${40 + warnAfter} warn masked`,
      `${40 + certainAfter} collapsed masked`,
    ]);
  });

  // Would catch a guard that compares with a start at which everything was masked already.
  it('is certain of a training that begins without negatives', () => {
    const { verdicts } = watch(steps(emptyAfter, { liveNegatives: 0.4, loss: 0.01 }));
    assert.deepEqual(told(verdicts), [
      `${warnAfter} warn empty-loss`,
      `${emptyAfter} collapsed empty-loss`,
    ]);
  });

  // Would catch an alarm over a catalogue of few texts, where the mask by text is right.
  it('does not mind what a mask by text leaves out', () => {
    const few = steps(200, { liveNegatives: 100, loss: 0.01 });
    assert.deepEqual(told(watch(few, byText).verdicts), []);
  });

  // Would catch an alarm over a model that has learnt its data by heart.
  it('does not mind a small loss against negatives that live', () => {
    assert.deepEqual(told(watch(steps(200, { loss: 1e-4 })).verdicts), []);
  });

  // Would catch an alarm over texts that share their greater part, before anything has been learnt.
  it('minds items that move together, and not those that always were', () => {
    assert.deepEqual(told(watch(steps(200, { itemCosine: 0.995 })).verdicts), []);
    const { verdicts } = watch([...steps(30), ...steps(60, { itemCosine: 0.999 })]);
    assert.match(told(verdicts).join(), /^\d+ warn alike,\d+ collapsed alike$/);
  });

  // Would catch a warning with every step, and one that is told once and never again.
  it('tells a signal again only after it has been quiet', () => {
    const spike = steps(warnAfter, { gradientNorm: 1000 });
    const { verdicts } = watch([
      ...steps(20),
      ...spike,
      ...steps(quietAfter - 1),
      ...spike,
      ...steps(quietAfter),
      ...spike,
    ]);
    const [first, second] = [20 + warnAfter, 19 + 2 * quietAfter + 3 * warnAfter];
    assert.deepEqual(told(verdicts), [`${first} warn exploding`, `${second} warn exploding`]);
  });

  it('minds gradients that vanish, and a temperature that stays at its bound', () => {
    assert.deepEqual(told(watch(steps(9, { gradientNorm: 1e-6 })).verdicts), ['3 warn vanishing']);
    const flat = steps(2 * clampedAfter, { logitScale: 0 });
    assert.deepEqual(told(watch(flat).verdicts), [`${clampedAfter} warn temperature`]);
    const sharp = { logitScale: Math.fround(Math.log(100)) };
    assert.deepEqual(told(watch(steps(200, sharp)).verdicts), []);
    assert.deepEqual(told(watch(steps(60, { ...sharp, loss: 9 })).verdicts), [
      `${clampedAfter} warn temperature`,
    ]);
  });
});

describe('a checkpoint', () => {
  const point = { committedSteps: 30, best: null };
  const begun = withCandidate(watch(steps(30)).state, point);
  const after = (given: readonly Step[]): GuardState => {
    const numbered = given.map((step, index) => ({ ...step, committedSteps: 31 + index }));
    return watch(numbered, byCosine, begun).state;
  };

  // Would catch a rollback to weights that were already on their way down.
  it('is healthy once no warning has followed for long enough', () => {
    assert.equal(after(steps(quietAfter - 1)).healthy, null);
    assert.deepEqual(after(steps(quietAfter)).healthy, point);
    const late = [...steps(quietAfter - warnAfter), ...steps(warnAfter, { liveNegatives: 300 })];
    assert.deepEqual([after(late).healthy, after(late).candidate], [null, null]);
  });

  // Would catch checkpoints that pile up on disk because all of them might be needed.
  it('waits until the one before is decided, and for quiet', () => {
    const next = { committedSteps: 40, best: null };
    assert.deepEqual(withCandidate(begun, next).candidate, point);
    const warned = watch(steps(warnAfter, { liveNegatives: 300 }), byCosine, begun).state;
    assert.equal(withCandidate(warned, next).candidate, null);
  });
});

// JSON has one zero, and a zero of either sign is the same to the guard.
const cosine = fc.double({ min: -1, max: 1, noNaN: true }).map((value) => value + 0);

const anyStep = fc.record({
  loss: fc.double({ min: 0, max: 20, noNaN: true }),
  liveNegatives: fc.double({ min: 0, max: 512, noNaN: true }),
  itemCosine: fc.oneof(cosine, fc.constant(0.999)),
  gradientNorm: fc.oneof(fc.double({ min: 0, max: 1e3, noNaN: true }), fc.constant(1e-9)),
  logitScale: fc.constantFrom(0, 2.66, Math.fround(Math.log(100))),
});
const anyRun = fc.array(anyStep, { maxLength: 120 });

describe('what the guard remembers', () => {
  // Would catch a number that a checkpoint does not hold, or holds rounded: a resumed run would differ.
  it('goes on from its JSON as if it had never stopped', () => {
    fc.assert(
      fc.property(anyRun, fc.nat(), (run, at) => {
        const cut = run.length === 0 ? 0 : at % run.length;
        const whole = watch(run);
        const first = watch(run.slice(0, cut)).state;
        let state: GuardState = JSON.parse(JSON.stringify(first));
        const rest = run.slice(cut).map((step, index) => {
          const readings = { ...healthy, ...step, committedSteps: cut + index + 1 };
          const watched = watchStep(state, readings, byCosine);
          state = watched.state;
          return watched.verdict;
        });
        assert.deepEqual(rest, whole.verdicts.slice(cut));
        assert.deepEqual(state, whole.state);
      }),
    );
  });

  // Would catch an end without a warning, or before a signal has lasted; and one without a sentence.
  it('is certain only of what has lasted, and says what to change', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        for (const [index, verdict] of watch(run).verdicts.entries()) {
          if (verdict.kind === 'healthy') continue;
          assert.ok(index + 1 >= warnAfter);
          assert.match(verdict.finding.reason, /^[a-z].*[^.]$/);
          assert.match(verdict.finding.remedy, /^(set|lower)/);
        }
      }),
    );
  });
});
