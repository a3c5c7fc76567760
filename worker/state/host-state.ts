import { vectorFloatsMax } from '../../shared/limits.js';
import type { ByteRange } from '../../storage/pieces.js';
import type { StateLayout, StateSection, TrainingState } from './training-state.js';
import { sectionLength, stateSections } from './training-state.js';

/** The model has more parameters than one vector holds; the reaction is to choose a smaller one. */
export class ModelTooLargeError extends Error {
  override readonly name = 'ModelTooLargeError';
  readonly code = 'MODEL_TOO_LARGE';

  constructor(parameters: number) {
    super(
      `Cannot hold the model: it has ${parameters} parameters: at most ${vectorFloatsMax} are possible`,
    );
  }
}

export type StateVectors = Readonly<Record<StateSection, Float32Array>>;

/** The state in this machine's memory: three flat vectors, of which reading lends views. */
export class HostState implements TrainingState, StateVectors {
  readonly layout: StateLayout;
  readonly parameters: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;

  constructor(layout: StateLayout, vectors: StateVectors) {
    this.layout = layout;
    this.parameters = vectors.parameters;
    this.firstMoments = vectors.firstMoments;
    this.secondMoments = vectors.secondMoments;
  }

  /**
   * All zeros, in memory that other threads can be given.
   *
   * @throws ModelTooLargeError
   */
  static zeros(layout: StateLayout): HostState {
    if (layout.length > vectorFloatsMax) throw new ModelTooLargeError(layout.length);
    const vector = (section: StateSection): Float32Array =>
      new Float32Array(new SharedArrayBuffer(sectionLength(layout, section) * 4));
    return new HostState(layout, {
      parameters: vector('parameters'),
      firstMoments: vector('firstMoments'),
      secondMoments: vector('secondMoments'),
    });
  }

  async read(section: StateSection, { begin, end }: ByteRange): Promise<Uint8Array> {
    return bytesOf(this[section], begin, end - begin);
  }

  async write(section: StateSection, begin: number, bytes: Uint8Array): Promise<void> {
    bytesOf(this[section], begin, bytes.byteLength).set(bytes);
  }

  copyFrom(vectors: StateVectors): void {
    for (const section of stateSections) this[section].set(vectors[section]);
  }
}

/** Every machine that Node runs on is little-endian. */
const bytesOf = (floats: Float32Array, begin: number, length: number): Uint8Array =>
  new Uint8Array(floats.buffer, floats.byteOffset + begin, length);
