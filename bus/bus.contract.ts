/** What every Bus must do; each implementation's test runs all of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Bus,
  type BusLog,
  BusLostError,
  BusRefusedError,
  type BusValues,
  type LogHandler,
} from '../shared/bus.js';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (data: Uint8Array): string => new TextDecoder().decode(data);

/** Collects messages and lets a test wait for their number instead of for a time. */
export class Collector {
  readonly texts: string[] = [];
  readonly subjects: string[] = [];
  #wanted = 0;
  #wake: () => void = () => undefined;

  readonly handler = (data: Uint8Array, subject: string): void => {
    this.texts.push(textOf(data));
    this.subjects.push(subject);
    if (this.texts.length >= this.#wanted) this.#wake();
  };

  async until(count: number): Promise<string[]> {
    this.#wanted = count;
    if (this.texts.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.texts;
  }
}

/** The same for entries of a log, each as `sequence:text`. */
export class LogCollector {
  readonly #collector = new Collector();

  readonly handler: LogHandler = (data, sequence) =>
    this.#collector.handler(bytesOf(`${sequence}:${textOf(data)}`), '');

  until(count: number): Promise<string[]> {
    return this.#collector.until(count);
  }
}

async function* chunksOf(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield bytesOf(text);
}

/** Opens a new connection to the one server of the test. */
export type OpenBus = () => Promise<Bus>;

export function busContract(name: string, open: OpenBus): void {
  // Would catch a wildcard that also matches its parent or its grandchildren.
  test(`${name}: a subscription sees the subjects that its filter names, and no others`, async () => {
    const [sender, receiver] = [await open(), await open()];
    const seen = new Collector();
    receiver.subscribe('a.*', seen.handler);
    await receiver.flush();
    for (const subject of ['a', 'a.x', 'a.x.y', 'b.x', 'a.z']) {
      sender.publish(subject, bytesOf(subject));
    }
    assert.deepEqual(await seen.until(2), ['a.x', 'a.z']);
    await Promise.all([sender.close(), receiver.close()]);
  });

  // Would catch a reader that starts at the end of the stream, loses the order, or reads foreign lanes.
  test(`${name}: a reader gets stored and later messages of its subjects, in order`, async () => {
    const bus = await open();
    const stream = await bus.createStream('contract-order', 'order.>');
    for (const at of [0, 1, 2]) {
      for (const lane of [0, 1, 2]) {
        await stream.publish(`order.${at}.${lane}`, bytesOf(`${at}.${lane}`), `${at}.${lane}`);
      }
    }
    const seen = new Collector();
    const reader = await (await bus.openStream('contract-order')).read(
      ['order.*.0', 'order.*.2'],
      seen.handler,
    );
    await seen.until(6);
    await stream.publish('order.3.2', bytesOf('3.2'), '3.2');
    assert.deepEqual(await seen.until(7), ['0.0', '0.2', '1.0', '1.2', '2.0', '2.2', '3.2']);
    reader.close();
    await stream.remove();
    await bus.close();
  });

  // Would catch a reader that begins too late, or at the beginning where it need not; a subject that
  // comes again, as a step that is published again, must not move it.
  test(`${name}: a reader may begin at the first message of a subject`, async () => {
    const bus = await open();
    const stream = await bus.createStream('contract-behind', 'behind.>');
    for (const [at, subject] of ['0.x', '0.y', '1.x', '1.y', '2.y', '1.x', '3.y'].entries()) {
      await stream.publish(`behind.${subject}`, bytesOf(subject), `${at}`);
    }
    const all = ['0.y', '1.y', '2.y', '3.y'];
    for (const [behind, texts] of [
      ['behind.1.x', all.slice(1)],
      ['behind.9.x', all],
    ] as const) {
      const seen = new Collector();
      const reader = await stream.read(['behind.*.y'], seen.handler, behind);
      assert.deepEqual(await seen.until(texts.length), texts);
      reader.close();
    }
    await stream.remove();
    await bus.close();
  });

  // Would catch a retry that makes a lane train twice, and a message of somebody else that is taken for
  // one's own because it bears the same id.
  test(`${name}: publishing an id again stores nothing and says so`, async () => {
    const bus = await open();
    const stream = await bus.createStream('contract-ids', 'ids.>');
    assert.equal(await stream.publish('ids.1', bytesOf('first'), 'one'), 'stored');
    assert.equal(await stream.publish('ids.1', bytesOf('again'), 'one'), 'repeated');
    assert.equal(await stream.publish('ids.2', bytesOf('second'), 'two'), 'stored');
    const seen = new Collector();
    await stream.read(['ids.>'], seen.handler);
    assert.deepEqual(await seen.until(2), ['first', 'second']);
    await stream.remove();
    await bus.close();
  });

  // Would catch a purge of the wrong steps: too many lose plans, too few fill the disk.
  test(`${name}: a purge removes what its filter matches and nothing else`, async () => {
    const bus = await open();
    const stream = await bus.createStream('contract-purge', 'purge.>');
    for (const subject of ['purge.1.0', 'purge.1.1', 'purge.11.0']) {
      await stream.publish(subject, bytesOf(subject), subject);
    }
    assert.equal(await stream.purge('purge.1.*'), 2);
    const seen = new Collector();
    await stream.read(['purge.>'], seen.handler);
    assert.deepEqual(await seen.until(1), ['purge.11.0']);
    await stream.remove();
    await bus.close();
  });

  // Would catch plans of an earlier run reaching the workers of this one, and a resumed run that takes the ids
  // of its first life for somebody else's messages.
  test(`${name}: a created stream is empty whatever was there before`, async () => {
    const bus = await open();
    const old = await bus.createStream('contract-new', 'new.>');
    await old.publish('new.1', bytesOf('old'), 'same id');
    const stream = await bus.createStream('contract-new', 'new.>');
    assert.equal(await stream.publish('new.1', bytesOf('new'), 'same id'), 'stored');
    const seen = new Collector();
    await stream.read(['new.>'], seen.handler);
    assert.deepEqual(await seen.until(1), ['new']);
    await stream.remove();
    await bus.close();
  });

  // Would catch parts out of order, one too many or too few, and the end of what was there before.
  test(`${name}: a large object comes back in order, and a shorter one replaces all of it`, async () => {
    const bus = await open();
    const objects = await bus.openObjects('contract-parts');
    const mebibyte = 2 ** 20;
    for (const count of [17, 8, 3]) {
      await objects.put('file', mebibytesNumbered(count));
      const seen: number[] = [];
      let bytes = 0;
      for await (const chunk of (await objects.get('file')) ?? []) {
        for (let at = -bytes & (mebibyte - 1); at < chunk.byteLength; at += mebibyte) {
          seen.push(chunk[at] as number);
        }
        bytes += chunk.byteLength;
      }
      assert.equal(bytes, count * mebibyte);
      assert.deepEqual(
        seen,
        Array.from({ length: count }, (_, index) => index),
      );
    }
    await objects.remove();
    await bus.close();
  });

  // Would catch objects that lose their chunk borders' bytes, and a hang on a missing one.
  test(`${name}: an object comes back byte for byte, a missing one as null`, async () => {
    const bus = await open();
    const objects = await bus.openObjects('contract-objects');
    await objects.put('file', chunksOf('one', 'two', 'three'));
    let text = '';
    for await (const chunk of (await objects.get('file')) ?? []) text += textOf(chunk);
    assert.equal(text, 'onetwothree');
    assert.equal(await objects.get('other'), null);
    await objects.remove();
    await bus.close();
  });

  // Would catch a run that ends with a number for a reason, because a stranger removed its plans.
  test(`${name}: a stream that someone removed is named as gone`, async () => {
    const [bus, stranger] = [await open(), await open()];
    const stream = await bus.createStream('contract-gone', 'gone.>');
    await (await stranger.openStream('contract-gone')).remove();
    const isNamed = (error: unknown): boolean =>
      error instanceof BusRefusedError && /the stream .*is gone/.test(error.message);
    await assert.rejects(stream.publish('gone.1', bytesOf('x'), 'one'), isNamed);
    await assert.rejects(stream.purge('gone.1'), isNamed);
    await Promise.all([bus.close(), stranger.close()]);
  });

  // Would catch two runs that both believe that a name is theirs.
  test(`${name}: of those who change a value at once, one succeeds`, async () => {
    const buses = await Promise.all([open(), open()]);
    const stores = await Promise.all(buses.map((bus) => bus.openValues('contract-values')));
    const [one, two] = stores as [BusValues, BusValues];
    assert.equal(await one.get('key'), null);
    const created = await Promise.all([
      one.put('key', bytesOf('one'), 0),
      two.put('key', bytesOf('two'), 0),
    ]);
    const [first] = created.filter((revision) => revision !== null);
    assert.equal(created.filter((revision) => revision === null).length, 1);
    const winner = created[0] === null ? 'two' : 'one';
    const stored = await two.get('key');
    assert.equal(textOf(stored?.data ?? bytesOf('')), winner);
    assert.equal(stored?.revision, first);
    const next = await two.put('key', bytesOf('next'), first as number);
    assert.ok(next !== null && next > (first as number));
    // Who has not seen the change can neither change nor remove the value.
    assert.equal(await one.put('key', bytesOf('late'), first as number), null);
    assert.equal(await one.remove('key', first as number), false);
    assert.equal(textOf((await one.get('key'))?.data ?? bytesOf('')), 'next');
    assert.equal(await one.remove('key', next), true);
    assert.equal(await two.get('key'), null);
    assert.ok(((await two.put('key', bytesOf('again'), 0)) ?? 0) > next);
    await Promise.all(buses.map((bus) => bus.close()));
  });

  // Would catch a new leader that deletes the plans of the run which it takes over.
  test(`${name}: an ensured stream keeps what it holds, and is made again where someone removed it`, async () => {
    const bus = await open();
    const first = await bus.ensureStream('contract-ensured', 'ensured.>');
    await first.publish('ensured.1', bytesOf('one'), 'one');
    const stream = await bus.ensureStream('contract-ensured', 'ensured.>');
    const seen = new Collector();
    const reader = await stream.read(['ensured.>'], seen.handler);
    assert.deepEqual(await seen.until(1), ['one']);
    reader.close();
    await stream.remove();
    const again = await bus.ensureStream('contract-ensured', 'ensured.>');
    assert.equal(await again.publish('ensured.2', bytesOf('two'), 'one'), 'stored');
    await again.remove();
    await bus.close();
  });

  // Would catch two leaders that both write the history of a run, and entries that get lost or come twice.
  test(`${name}: of those who append to a log behind the same entry, one succeeds`, async () => {
    const buses = await Promise.all([open(), open()]);
    const [one, two] = (await Promise.all(
      buses.map((bus) => bus.ensureLog('contract-log', 'log.entry')),
    )) as [BusLog, BusLog];
    assert.equal(await one.last(), 0);
    const firsts = await Promise.all([one.append(bytesOf('1'), 0), two.append(bytesOf('2'), 0)]);
    assert.deepEqual([...firsts].sort(), [1, null]);
    assert.equal(await one.append(bytesOf('late'), 0), null);
    assert.equal(await one.append(bytesOf('early'), 2), null);
    assert.equal(await two.append(bytesOf('second'), 1), 2);
    const entries = new LogCollector();
    const reader = await (await (buses[0] as Bus).openLog('contract-log')).read(1, entries.handler);
    await entries.until(2);
    assert.equal(await one.append(bytesOf('third'), 2), 3);
    const first = firsts[0] === null ? '2' : '1';
    assert.deepEqual(await entries.until(3), [`1:${first}`, '2:second', '3:third']);
    const rest = new LogCollector();
    await two.read(3, rest.handler);
    assert.deepEqual(await rest.until(1), ['3:third']);
    assert.equal(await two.last(), 3);
    reader.close();
    assert.equal(await reader.ended, null);
    await one.remove();
    await Promise.all(buses.map((bus) => bus.close()));
  });

  // Would catch a follower that never hears of a new leader, or of the end of one.
  test(`${name}: who watches a value sees what it is and what it becomes`, async () => {
    const [bus, other] = [await open(), await open()];
    const values = await bus.openValues('contract-watch');
    const seen: (string | null)[] = [];
    let wake: () => void = () => undefined;
    const until = async (wanted: string | null): Promise<void> => {
      while (seen.at(-1) !== wanted || seen.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    const reader = await values.watch('key', (value) => {
      seen.push(value === null ? null : textOf(value.data));
      wake();
    });
    await until(null);
    const foreign = await other.openValues('contract-watch');
    const revision = await foreign.put('key', bytesOf('first'), 0);
    await until('first');
    await foreign.put('other', bytesOf('not ours'), 0);
    const next = await foreign.put('key', bytesOf('second'), revision as number);
    await until('second');
    await foreign.remove('key', next as number);
    await until(null);
    assert.ok(!seen.includes('not ours'));
    reader.close();
    assert.equal(await reader.ended, null);
    await Promise.all([bus.close(), other.close()]);
  });

  // Would catch a look for values that makes their store, which a worker or a watcher may not.
  test(`${name}: a store of values is found where someone else has made it`, async () => {
    const [bus, other] = [await open(), await open()];
    assert.equal(await bus.findValues('contract-found'), null);
    assert.equal(await bus.findValues('contract-found'), null);
    await (await other.openValues('contract-found')).put('key', bytesOf('theirs'), 0);
    const found = await (await bus.findValues('contract-found'))?.get('key');
    assert.equal(new TextDecoder().decode(found?.data), 'theirs');
    await Promise.all([bus.close(), other.close()]);
  });

  // Would catch leftovers of dead runs that nobody finds, and a store that is taken for a stream.
  test(`${name}: streams and stores are listed while they exist`, async () => {
    const bus = await open();
    const stream = await bus.createStream('contract-listed', 'listed.>');
    const objects = await bus.openObjects('contract-files');
    await objects.put('file', chunksOf('one'));
    const there = await bus.names();
    assert.ok(there.streams.includes('contract-listed'));
    assert.ok(!there.streams.some((listed) => listed.includes('contract-files')));
    assert.ok(there.objects.includes('contract-files'));
    await Promise.all([stream.remove(), objects.remove()]);
    const left = await bus.names();
    assert.ok(![...left.streams, ...left.objects].some((listed) => /listed|files/.test(listed)));
    await bus.close();
  });

  // Would catch failures that look like success: each must be an error of the seam's own classes.
  test(`${name}: refusals and a closed bus are errors with a code`, async () => {
    const bus = await open();
    await assert.rejects(bus.openStream('contract-none'), BusRefusedError);
    assert.throws(
      () => bus.publish('big', new Uint8Array(bus.maxPayload + 1)),
      (error: unknown) => error instanceof BusRefusedError,
    );
    await bus.close();
    assert.equal(await bus.closed, null);
    assert.throws(() => bus.publish('late', bytesOf('x')), BusLostError);
  });
}

/** Each mebibyte is full of its number. */
export async function* mebibytesNumbered(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield new Uint8Array(2 ** 20).fill(index);
}
