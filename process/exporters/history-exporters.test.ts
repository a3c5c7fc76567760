import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  committedLineOf,
  lineTime,
  startedLineOf,
} from '../../shared/history/line-points-fixture.js';
import type { ExportFeed } from './feed/export-feed.js';
import { HistoryExporters } from './history-exporters.js';

/** What a feed is told, in order. */
function watched(leads: boolean) {
  const calls: string[] = [];
  const feed: Pick<ExportFeed, 'begin' | 'cut' | 'finish' | 'grown' | 'rest'> = {
    begin: (time) => void calls.push(`begin ${time}`),
    cut: (step) => void calls.push(`cut ${step}`),
    grown: () => void calls.push('grown'),
    rest: () => void calls.push('rest'),
    finish: async () => void calls.push('finish'),
  };
  return { calls, exporters: new HistoryExporters([feed as ExportFeed], leads) };
}

// Would catch lines that are read before the history is cut for a resumed run.
test('who leads alone begins with the training, behind the cut', () => {
  const { calls, exporters } = watched(true);
  exporters.told({ kind: 'history', time: lineTime(0) });
  exporters.told(startedLineOf(4));
  exporters.told(committedLineOf(5));
  assert.deepEqual(calls, ['grown', 'cut 4', `begin ${lineTime(4)}`, 'grown', 'grown']);
});

// Would catch a standby that tells beside the leader, and one that never begins when it takes over.
test('a standby begins when it leads, and rests when another one does', () => {
  const { calls, exporters } = watched(false);
  exporters.told(startedLineOf(0));
  exporters.leads(true, lineTime(7));
  exporters.leads(false, lineTime(9));
  assert.deepEqual(calls, ['cut 0', 'grown', `begin ${lineTime(7)}`, 'rest']);
});

// Would catch a first leader that is told of its lead before its history has a beginning.
test('who leads before training starts begins with it', () => {
  const { calls, exporters } = watched(false);
  exporters.leads(true, lineTime(1));
  exporters.told(startedLineOf(0));
  assert.deepEqual(calls, ['cut 0', `begin ${lineTime(1)}`, 'grown']);
});
