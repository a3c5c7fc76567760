/** From a location, as users write it, to the store that it means. */
import { isBucket, parentOf, parseLocation, within } from '../../../storage/location.js';
import { openBucket } from '../../../storage/s3/open-bucket.js';
import { checkpointName } from '../checkpoint-folder.js';
import { BucketFiles, type BucketPlace, BucketStore } from './bucket-store.js';
import type { CheckpointFiles, CheckpointStore } from './checkpoint-store.js';
import { FolderFiles, FolderStore } from './folder-store.js';

/** @param location a folder, or `s3://bucket/prefix`, which the environment says how to reach */
export const openCheckpointStore = (location: string): CheckpointStore =>
  isBucket(location) ? new BucketStore(placeOf(location)) : new FolderStore(location);

/** @param path of one checkpoint */
export const openCheckpointFiles = (path: string): CheckpointFiles =>
  isBucket(path) ? new BucketFiles(placeOf(path)) : new FolderFiles(path);

function placeOf(location: string): BucketPlace {
  const place = parseLocation(location);
  if (place.kind !== 'bucket') throw new TypeError(`"${location}" is no bucket`);
  const { bucket, prefix } = place;
  return { location, prefix, bucket: () => openBucket(bucket) };
}

/** The path of one checkpoint of a store. */
export const checkpointPath = (location: string, committedSteps: number): string =>
  within(location, checkpointName(committedSteps));

/** The name of a checkpoint in its store. */
export const nameOf = (path: string): string => parentOf(path).name;
