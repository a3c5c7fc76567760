/** From a location, as users write it, to the store that it means. */
import { parentOf, within } from '../../../storage/location.js';
import { checkpointName } from '../checkpoint-folder.js';
import type { CheckpointFiles, CheckpointStore } from './checkpoint-store.js';
import { FolderFiles, FolderStore } from './folder-store.js';

/** @param location a folder, or `s3://bucket/prefix` */
export const openCheckpointStore = (location: string): CheckpointStore => new FolderStore(location);

/** @param path of one checkpoint */
export const openCheckpointFiles = (path: string): CheckpointFiles => new FolderFiles(path);

/** The path of one checkpoint of a store. */
export const checkpointPath = (location: string, committedSteps: number): string =>
  within(location, checkpointName(committedSteps));

/** The name of a checkpoint in its store. */
export const nameOf = (path: string): string => parentOf(path).name;
