import { join } from 'node:path';
import { fillInitialWeights, type Initialisation } from '../model/parameters/initial-weights.js';
import { moveParameters } from '../model/parameters/move-parameters.js';
import type { ParameterLayout } from '../model/parameters/parameter-layout.js';
import { adapterMatrix, towerOf, type WhatTrains } from '../model/parameters/what-trains.js';
import { HostState } from '../state/host-state.js';
import { CheckpointError } from './checkpoint-error.js';
import { type CheckpointManifest, modelFile } from './checkpoint-folder.js';
import { newestFirst } from './newest-checkpoint.js';
import { readTensors } from './read-checkpoint.js';
import { namesIn } from './store/folder-store.js';
import { readManifest } from './verify-checkpoint.js';
import { weightsDigest } from './weights-digest.js';

export interface InitialWeights {
  /** A checkpoint, or the folder of a run. */
  readonly from: string;
  readonly weightsSha256: string;
}

/** Weights may come from any job, on any dataset, as long as they fit. */
const anyOwner = { jobDigest: null, datasetDigest: null };

/**
 * Loads the weights that a job starts from into a new `state`; its moments stay as they are. What
 * trained there, and for which objective, may differ: adapters that the model has not are merged, and
 * what the checkpoint has not (adapters, parameters of the objective) begins as `initialisation` says.
 * Needs an engine where adapters are merged.
 *
 * @throws CheckpointError where they are damaged, no longer there, or do not fit the model: the first
 *   tensor that does not is named.
 */
export async function readInitialWeights(
  { from, weightsSha256 }: InitialWeights,
  state: HostState,
  layout: ParameterLayout,
  initialisation: Initialisation,
): Promise<void> {
  const path = await findWeights(from, weightsSha256);
  const manifest = await readManifest(path, anyOwner);
  const { trains } = manifest;
  const into = { layout, flat: state.parameters };
  if (trains === undefined || !hasAdapters(trains)) {
    const found = await readParameters(path, manifest, state);
    fillInitialWeights(layout, into.flat, initialisation, (name) => found.has(name));
    return;
  }
  const source = layout.training(trains);
  const flat = new Float32Array(source.length);
  const found = await readParameters(path, manifest, weightsOnly(source, flat));
  moveParameters({ layout: source, flat }, into, initialisation.seed);
  const isGiven = (name: string): boolean => towerOf(name) !== null || found.has(name);
  fillInitialWeights(layout, into.flat, initialisation, isGiven);
}

const hasAdapters = ({ item, user }: WhatTrains): boolean =>
  item.kind === 'lora' || user.kind === 'lora';

function weightsOnly(layout: ParameterLayout, parameters: Float32Array): HostState {
  const none = new Float32Array(0);
  return new HostState(layout, { parameters, firstMoments: none, secondMoments: none });
}

/** The names of what was found. */
async function readParameters(
  path: string,
  manifest: CheckpointManifest,
  state: HostState,
): Promise<ReadonlySet<string>> {
  const ofObjective = (name: string): boolean => towerOf(name) === null;
  const { found, foreign } = await readTensors(path, modelFile, manifest, state, {
    mayLack: (name) => ofObjective(name) || adapterMatrix(name) !== null,
    mayHave: ofObjective,
  });
  // What was passed over is in the digest too: then the one of the file's bytes has to do.
  const digest =
    foreign.length === 0 ? await weightsDigest(state, (name) => found.has(name)) : null;
  if (digest !== null && digest !== manifest.weightsSha256) {
    throw new CheckpointError(path, `${modelFile} does not hold the weights of the manifest`);
  }
  return found;
}

/** A run that trains on has newer checkpoints meanwhile, so that its weights are told by digest. */
async function findWeights(from: string, weightsSha256: string): Promise<string> {
  const isCheckpoint = (await namesIn(from)).includes('manifest.json');
  const candidates = isCheckpoint ? [from] : await newestFirst(join(from, 'checkpoints'));
  for (const path of candidates) {
    const manifest = await readManifest(path, anyOwner);
    if (manifest.weightsSha256 === weightsSha256) return path;
  }
  const reason = `none of its checkpoints has the weights ${weightsSha256.slice(0, 12)}...`;
  throw new CheckpointError(from, reason);
}
