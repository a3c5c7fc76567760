/**
 * Where the checkpoints of a run live. What a checkpoint is (its files, digests and manifest) is the same
 * everywhere; a store knows how files become visible as a whole, and how they are found again.
 */
import type { FileDigest, Pieces } from '../../../storage/hashed-files.js';
import type { ByteRange } from '../../../storage/pieces.js';
import type { MayPublish } from './publication-permit.js';

export interface CheckpointStore {
  /** As a user writes it: a folder's path, or `s3://bucket/prefix`. */
  readonly location: string;
  /**
   * Whether one can be written at all, said before the first step.
   *
   * @param bytes of one checkpoint
   * @throws StorageError, StoreRefusedError
   */
  prepare(bytes: number): Promise<void>;
  /** Committed steps of all of them, oldest first, whatever their state. None where nothing was written. */
  steps(): Promise<number[]>;
  /** Nothing of it can be found before it is published. @throws StorageError */
  begin(committedSteps: number): Promise<CheckpointDraft>;
  /** It is no longer found before its first byte goes. */
  remove(committedSteps: number): Promise<void>;
  /** Takes it out of sight and keeps it. One of the same step that was set aside before goes. */
  setAside(committedSteps: number): Promise<void>;
  /** Removes what writers left that ended early, and nothing else. */
  sweep(): Promise<void>;
  /**
   * Replaces a small text beside the checkpoints as a whole.
   *
   * @param what it is, for messages
   * @throws StorageError, StoreRefusedError
   */
  writeText(what: string, name: string, text: string): Promise<void>;
  /** Null where there is none. */
  readText(name: string): Promise<string | null>;
}

/** A checkpoint that is being written. */
export interface CheckpointDraft {
  /** For the manifest: the folder beside it that the files lie in; undefined: they lie beside it. */
  readonly within: string | undefined;
  /** Resolves once the file would survive a power cut. A piece may be reused when the next is asked for. */
  write(name: string, pieces: Pieces): Promise<FileDigest>;
  /**
   * Makes it visible, in one moment and as a whole, in the place of one of the same step.
   *
   * @throws FencedError where `mayPublish` says no; StorageError
   */
  publish(manifest: Uint8Array, mayPublish: MayPublish): Promise<void>;
  /** Removes all of it that is not published. */
  discard(): Promise<void>;
}

/** One checkpoint, to be read. */
export interface CheckpointFiles {
  /** Bytes of a file. @throws CheckpointError where it is missing. */
  size(name: string): Promise<number>;
  /** The bytes of a range in order; a piece is valid until the next one is asked for. */
  read(name: string, range: ByteRange): AsyncIterable<Uint8Array>;
}
