/** The contract test that every Link must pass, registered for one way to make a pair. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Link } from './link.js';

export interface LinkPair {
  readonly a: Link;
  readonly b: Link;
  /** Frees what the pair needed. */
  dispose(): Promise<void>;
}

/** Collects what a link says, and lets a test wait for it. */
export class Listener {
  readonly events: string[] = [];
  #received: Buffer[] = [];
  #wake: () => void = () => undefined;

  constructor(link: Link) {
    const note = (event: string): void => {
      this.events.push(event);
      this.#wake();
    };
    link.open({
      bytes: (chunk) => {
        this.#received.push(Buffer.from(chunk));
        this.#wake();
      },
      departed: () => note('departed'),
      lost: () => note('lost'),
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const ignore = (): void => undefined;

export function linkContract(name: string, makePair: () => Promise<LinkPair>): void {
  async function withPair(body: (pair: LinkPair) => Promise<void>): Promise<void> {
    const pair = await makePair();
    try {
      await body(pair);
    } finally {
      pair.a.terminate();
      pair.b.terminate();
      await pair.dispose();
    }
  }

  // Would catch reordering, and bytes lost because nobody listened when they came.
  test(`${name}: bytes arrive in order, both ways, even when sent before the peer listens`, () =>
    withPair(async ({ a, b }) => {
      const fromA = new Listener(b);
      const parts = Array.from({ length: 50 }, (_, i) => Buffer.alloc(i * 991 + 1, i));
      const expected = Buffer.concat(parts);
      for (const part of parts) a.send(part, ignore);
      for (const part of parts) b.send(part, ignore);
      const fromB = new Listener(a);
      await fromA.until(() => fromA.received.length === expected.length);
      await fromB.until(() => fromB.received.length === expected.length);
      assert.ok(fromA.received.equals(expected));
      assert.ok(fromB.received.equals(expected));
    }));

  test(`${name}: it sends from shared memory, and says when that may change`, () =>
    withPair(async ({ a, b }) => {
      const listener = new Listener(b);
      new Listener(a);
      const memory = Buffer.from(new SharedArrayBuffer(3 * 2 ** 20), 5, 2 ** 20).fill(1);
      await new Promise<void>((resolve) => a.send(memory, resolve));
      memory.fill(2);
      await listener.until(() => listener.received.length === memory.length);
      assert.ok(listener.received.every((byte) => byte === 1));
    }));

  // Would catch a sender that fills memory without end while its peer is busy.
  test(`${name}: what a paused peer does not take stays buffered, and comes after resume`, () =>
    withPair(async ({ a, b }) => {
      const listener = new Listener(b);
      new Listener(a);
      b.pause();
      const block = Buffer.alloc(2 ** 20, 3);
      let sent = 0;
      while (a.buffered < 2 ** 23) {
        a.send(block, ignore);
        sent += block.length;
      }
      assert.ok(a.buffered > 0);
      b.resume();
      await listener.until(() => listener.received.length === sent);
    }));

  // Would catch a clean end that is taken for a failure, or that cuts off what was sent.
  test(`${name}: after close the peer gets everything and then sees a departure`, () =>
    withPair(async ({ a, b }) => {
      const listener = new Listener(b);
      new Listener(a);
      const blocks = 8;
      for (let i = 0; i < blocks; i++) a.send(Buffer.alloc(2 ** 20, i), ignore);
      a.close();
      await listener.until(() => listener.events.length > 0);
      assert.deepEqual(listener.events, ['departed']);
      assert.equal(listener.received.length, blocks * 2 ** 20);
    }));

  test(`${name}: after terminate the peer sees a loss, once`, () =>
    withPair(async ({ a, b }) => {
      const listener = new Listener(b);
      const own = new Listener(a);
      a.terminate();
      await listener.until(() => listener.events.length > 0);
      b.terminate();
      assert.deepEqual(listener.events, ['lost']);
      assert.deepEqual(own.events, []);
    }));
}
