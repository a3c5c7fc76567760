/**
 * The state of training as bytes: sections of float32, little-endian. The parameters are all there;
 * moments have only those that train, which lie first in every section. A checkpoint reads and fills it through this interface, in ranges, and so may an
 * export or a member that joins: none of them asks where the state lives or holds all of it.
 */
import type { ByteRange } from '../../storage/pieces.js';
import type { ParameterEntry } from '../model/parameters/parameter-layout.js';
import type { WhatTrains } from '../model/parameters/what-trains.js';

export const stateSections = ['parameters', 'firstMoments', 'secondMoments'] as const;
export type StateSection = (typeof stateSections)[number];

/** As much of a parameter layout as whoever reads or fills a state depends on. */
export interface StateLayout {
  readonly entries: readonly ParameterEntry[];
  /** Floats of all parameters, gaps between them included. The gaps hold zeros. */
  readonly length: number;
  /** Floats of those that train, which lie first: the length of a section of moments. */
  readonly trainedLength: number;
  /** What that is of each model; everything where it is left out. */
  readonly trains?: WhatTrains;
}

/** Floats of a section. */
export const sectionLength = (layout: StateLayout, section: StateSection): number =>
  section === 'parameters' ? layout.length : layout.trainedLength;

/** The parameters that a section has, in their order. */
export const sectionEntries = (layout: StateLayout, section: StateSection): ParameterEntry[] =>
  layout.entries.filter(({ offset }) => offset < sectionLength(layout, section));

export interface TrainingState {
  readonly layout: StateLayout;
  /** The bytes of a range, of one piece at most; valid until the next call. */
  read(section: StateSection, range: ByteRange): Promise<Uint8Array>;
  /** Replaces bytes from `begin` on. `bytes` may be reused when the promise settles. */
  write(section: StateSection, begin: number, bytes: Uint8Array): Promise<void>;
}

/** Where a parameter lies in each section, in bytes. */
export const rangeOf = ({ offset, size }: ParameterEntry): ByteRange => ({
  begin: offset * 4,
  end: (offset + size) * 4,
});

/** Of all sections together. */
export const stateBytes = (layout: StateLayout): number =>
  stateSections.reduce((bytes, section) => bytes + sectionLength(layout, section) * 4, 0);
