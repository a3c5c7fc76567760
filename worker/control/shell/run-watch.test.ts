import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus, BusLog } from '../../../shared/bus.js';
import { silentLog } from '../../../shared/log.js';
import { logStream, logSubject } from '../../../shared/subjects.js';
import { millis } from '../../../shared/units.js';
import { logReadLimit, silenceLook } from '../situation/limits.js';
import type { WorkerEvent } from '../situation/worker-event.js';
import { run, Stage } from './control-fixture.js';
import { RunWatch } from './run-watch.js';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// Would catch a question that is never answered and keeps all later ones from being asked.
test('a log that does not answer is asked again after a while', async () => {
  const stage = new Stage();
  await stage.describe();
  const bus = stage.hub.open();
  await bus.ensureLog(logStream(run), logSubject(run));
  const mute: Partial<BusLog> = {
    last: async () => 3,
    read: async () => ({ ended: new Promise<null>(() => undefined), close: () => undefined }),
  };
  const logs = [mute as BusLog];
  const heard: WorkerEvent[] = [];
  const watch = new RunWatch({
    bus: {
      findValues: bus.findValues.bind(bus),
      openLog: async (name: string) => logs.shift() ?? bus.openLog(name),
    } as Partial<Bus> as Bus,
    ...{ job: run.job, run: null, log: silentLog, tell: () => undefined },
    onRun: () => undefined,
    hear: (event) => heard.push(event),
  });
  watch.lookForRun();
  await settle();
  const looks = async (now: number): Promise<number> => {
    watch.lookIntoLog(millis(now), { fence: 1, heardAt: millis(0), leavingSince: null });
    await settle();
    return heard.length;
  };
  assert.equal(await looks(silenceLook), 0);
  assert.equal(await looks(silenceLook + logReadLimit - 1), 0);
  await looks(silenceLook + logReadLimit);
  assert.equal(await looks(silenceLook + logReadLimit + 1), 1);
});
