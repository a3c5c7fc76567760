import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BusAwayError, type BusLog, BusRefusedError } from '../../shared/bus.js';
import { MemoryHub } from '../../shared/bus-memory.js';
import { decodeLogEntry } from '../../shared/messages/cluster/log-entry.js';
import { settle } from '../run-fixture.js';
import { LogWriter } from './log-writer.js';

async function open(change: (log: BusLog) => Partial<BusLog> = () => ({})) {
  const log = await new MemoryHub().open().ensureLog('log', 'subject');
  const happened: string[] = [];
  const { append, last, read, remove, retire } = log;
  const bound = {
    append: append.bind(log),
    last: last.bind(log),
    read: read.bind(log),
    remove: remove.bind(log),
    retire: retire.bind(log),
  };
  const writer = new LogWriter({
    log: { ...bound, ...change(log) },
    last: 0,
    fence: 1,
    time: () => 'now',
    onStored: ({ entry }, sequence) => happened.push(`${sequence} ${entry.kind}`),
    onDeposed: () => happened.push('deposed'),
    onFailure: (error) => happened.push(error.message),
  });
  const stored = async (): Promise<string[]> => {
    const entries: string[] = [];
    const reader = await log.read(1, (data) => {
      const { entry } = decodeLogEntry(data);
      entries.push(entry.kind === 'notice' ? entry.text : entry.kind);
    });
    await settle();
    reader.close();
    return entries;
  };
  return { log, writer, happened, stored };
}

const notice = (text: string) => ({ kind: 'notice', text }) as const;

// Would catch entries that overtake each other, and one that is told before it is stored.
test('entries are stored in their order, and told when they are', async () => {
  const { writer, happened, stored } = await open();
  assert.equal(writer.append(notice('a')).sequence, 1);
  assert.equal(writer.append(notice('b')).sequence, 2);
  assert.deepEqual([happened, writer.isFlushed], [[], false]);
  await settle();
  assert.deepEqual(happened, ['1 notice', '2 notice']);
  assert.deepEqual([await stored(), writer.isFlushed], [['a', 'b'], true]);
});

// Would catch an entry that is lost or doubled where the server's answer was lost.
test('what was not answered is appended again, behind the same end', async () => {
  let away = true;
  const tried: number[] = [];
  const { writer, happened, stored } = await open((log) => ({
    append: async (data, after) => {
      tried.push(after);
      if (away) throw new BusAwayError('away');
      return log.append(data, after);
    },
  }));
  writer.append(notice('a'));
  writer.append(notice('b'));
  await settle();
  writer.tick();
  await settle();
  assert.deepEqual([tried, happened], [[0, 0], []]);
  away = false;
  writer.tick();
  await settle();
  assert.deepEqual(await stored(), ['a', 'b']);
});

// Would catch a leader that goes on appending behind the one that deposed it.
test('an append that is refused deposes, and nothing more is appended', async () => {
  const { log, writer, happened } = await open();
  await log.append(Uint8Array.of(), 0);
  writer.append(notice('a'));
  writer.append(notice('b'));
  await settle();
  assert.deepEqual(happened, ['deposed']);
  writer.tick();
  await settle();
  assert.equal(await log.last(), 1);
});

// Would catch a full disk under the log that nobody hears of.
test('any other failure is told once', async () => {
  const { writer, happened } = await open(() => ({
    append: async () => {
      throw new BusRefusedError('disk');
    },
  }));
  writer.append(notice('a'));
  await settle();
  writer.tick();
  await settle();
  assert.deepEqual(happened, ['disk']);
});
