/**
 * A float32 vector in shared memory that grows when a step needs more: the links thread sends from
 * it and receives into it. Growing replaces the memory, so a view is valid for one step.
 */
export class SharedFloats {
  #memory = new Float32Array(new SharedArrayBuffer(0));

  /** A view of `length` floats, with whatever the last step left in them. */
  view(length: number): Float32Array {
    if (this.#memory.length < length) {
      // A quarter more than asked, so that steps of slightly different sizes do not reallocate.
      const floats = Math.ceil((length * 1.25) / 16) * 16;
      this.#memory = new Float32Array(new SharedArrayBuffer(floats * 4));
    }
    return this.#memory.subarray(0, length);
  }
}
