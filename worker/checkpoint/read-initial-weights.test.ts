import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openEngine } from '../engine/open-engine.js';
import { nextItemParameters } from '../model/objectives/generative/next-item.js';
import { initialWeights } from '../model/parameters/initial-weights.js';
import { mergeAdapters } from '../model/parameters/move-parameters.js';
import { type NamedShape, ParameterLayout } from '../model/parameters/parameter-layout.js';
import type { TowerTraining, WhatTrains } from '../model/parameters/what-trains.js';
import { tinyModel } from '../model/tiny-model.js';
import { HostState } from '../state/host-state.js';
import { readInitialWeights } from './read-initial-weights.js';
import { weightsDigest } from './weights-digest.js';
import { writeCheckpoint } from './write-checkpoint.js';

const initialisation = { seed: 3, temperature: 0.07, deviation: 0.02 };
const lora: TowerTraining = { kind: 'lora', rank: 2, alpha: 4, targets: ['q'] };
const nothing: TowerTraining = { kind: 'nothing' };

const layoutOf = (trains?: WhatTrains, objective: readonly NamedShape[] = nextItemParameters) =>
  new ParameterLayout(tinyModel, objective, trains);
const layout = layoutOf();
const owner = { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) };

let run: string;
before(async () => {
  run = await mkdtemp(join(tmpdir(), 'lockstep-initial-'));
  await openEngine('cpu', { threads: 1 });
});
after(() => rm(run, { recursive: true }));

/** Of no gaps, in which no two parameters are alike. */
async function checkpoint(committedSteps: number, of = layout) {
  const state = HostState.zeros(of);
  for (const section of [state.parameters, state.firstMoments, state.secondMoments]) {
    for (const { offset, size } of of.entries) {
      const part = section.subarray(offset, offset + size);
      part.forEach((_, index) => {
        part[index] = committedSteps + ((offset + index) % 97) / 97;
      });
    }
  }
  const content = { committedSteps, ...owner };
  const path = await writeCheckpoint(join(run, 'checkpoints'), content, state);
  return { path, state, digest: await weightsDigest(state) };
}

async function readInto(of: ParameterLayout, from: string, weightsSha256: string) {
  const state = HostState.zeros(of);
  await readInitialWeights({ from, weightsSha256 }, state, of, initialisation);
  return state;
}

// Would catch moments that come along, and the weights of another checkpoint than the one chosen.
test('the weights are found by their digest, and only they are read', async () => {
  const older = await checkpoint(10);
  await checkpoint(20);
  for (const from of [run, older.path]) {
    const state = await readInto(layout, from, older.digest);
    assert.equal(await weightsDigest(state), older.digest);
    assert.deepEqual(new Set([...state.firstMoments, ...state.secondMoments]), new Set([0]));
  }
});

// Would catch weights that are put where they do not belong, and a word that names no tensor.
test('weights that do not fit are refused by the name of the tensor', async () => {
  const { digest } = await checkpoint(30);
  const larger = new ParameterLayout({ ...tinyModel, vocabularySize: 29 }, nextItemParameters);
  await assert.rejects(
    readInto(larger, run, digest),
    /step-00000030.*"item_llm.model.embed_tokens.weight".*\[23,8\].*\[29,8\]/,
  );
});

// Would catch a run that begins with the seed because its weights have been pruned away.
test('weights that are no longer there are missed aloud', async () => {
  await assert.rejects(readInto(layout, run, 'f'.repeat(64)), /has the weights ffff/);
});

// Would catch a choice of what trains that a run's weights cannot be used for.
test('what trains may differ, and adapters begin from the seed', async () => {
  const { path, state, digest } = await checkpoint(40);
  const adapted = layoutOf({ item: lora, user: nothing });
  const read = await readInto(adapted, path, digest);
  const fresh = initialWeights(adapted, initialisation);
  for (const { name } of adapted.entries) {
    const expected = layout.has(name)
      ? layout.view(state.parameters, name)
      : adapted.view(fresh, name);
    assert.deepEqual([...adapted.view(read.parameters, name)], [...expected], name);
  }
  const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
  assert.ok(!('trains' in manifest));
});

// Would catch adapters of the run before that are dropped, and a model that forgets what it learnt.
test('adapters that the model has not are merged, and those that it has are kept', async () => {
  const adapted = layoutOf({ item: lora, user: nothing });
  const { path, state, digest } = await checkpoint(50, adapted);
  const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
  assert.deepEqual(manifest.trains, { item: lora, user: nothing });
  const same = await readInto(layoutOf({ item: lora, user: lora }), path, digest);
  const own = adapted.adapters[0]?.b as string;
  const kept = layoutOf({ item: lora, user: lora }).view(same.parameters, own);
  assert.deepEqual([...kept], [...adapted.view(state.parameters, own)]);
  const whole = await readInto(layout, path, digest);
  const merged = mergeAdapters({ layout: adapted, flat: state.parameters });
  for (const { name } of layout.entries) {
    const expected = merged.layout.view(merged.flat, name);
    assert.deepEqual([...layout.view(whole.parameters, name)], [...expected], name);
  }
});

// Would catch a head that begins with zeros, or another objective's that is taken for damage.
test('parameters of another objective are left, and those of this one begin from the seed', async () => {
  const head: NamedShape = ['head_in.weight', [8, 8]];
  const withHead = layoutOf(undefined, [...nextItemParameters, head]);
  const plain = await checkpoint(60);
  const read = await readInto(withHead, plain.path, plain.digest);
  const fresh = initialWeights(withHead, initialisation);
  assert.deepEqual(
    [...withHead.view(read.parameters, head[0])],
    [...withHead.view(fresh, head[0])],
  );
  const headed = await checkpoint(70, withHead);
  const without = await readInto(layout, headed.path, headed.digest);
  for (const { name } of layout.entries) {
    const expected = withHead.view(headed.state.parameters, name);
    assert.deepEqual([...layout.view(without.parameters, name)], [...expected], name);
  }
});
