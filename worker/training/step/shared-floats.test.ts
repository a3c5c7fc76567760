import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedFloats } from './shared-floats.js';

describe('shared floats', () => {
  // Would catch memory that the links thread cannot see, or a view of the wrong length.
  it('are views of shared memory of exactly the length asked for', () => {
    const view = new SharedFloats().view(21);
    assert.equal(view.length, 21);
    assert.ok(view.buffer instanceof SharedArrayBuffer);
  });

  // Would catch an allocation for every step.
  it('keep their memory for a shorter and a slightly longer vector', () => {
    const floats = new SharedFloats();
    const { buffer } = floats.view(100);
    assert.equal(floats.view(40).buffer, buffer);
    assert.equal(floats.view(120).buffer, buffer);
    assert.notEqual(floats.view(1000).buffer, buffer);
    assert.equal(floats.view(1000).length, 1000);
  });
});
