import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const source = `
  const { parentPort, workerData } = require('node:worker_threads');
  Promise.all([import(workerData.engine), import(workerData.core)]).then(async ([{ openEngine }, core]) => {
    const engine = await openEngine('torch', { threads: 1 });
    const product = core.matMul(core.ones([2, 3]), core.ones([3, 2]));
    parentPort.postMessage({ values: [...product.dataSync()], bytes: engine.tensorBytes() });
  });
`;

interface Answer {
  readonly values: number[];
  readonly bytes: number;
}

const answerOfThread = (): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(source, {
      eval: true,
      workerData: {
        engine: new URL('../open-engine.js', import.meta.url).href,
        core: import.meta.resolve('@tensorflow/tfjs-core'),
      },
    });
    let answer: Answer;
    worker.once('message', (message: Answer) => {
      answer = message;
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve(answer));
  });

// Would catch tensors that are shared by threads, and an addon that can be loaded only once.
test('threads open the engine at the same time, each with tensors of its own', async () => {
  const answers = await Promise.all([answerOfThread(), answerOfThread(), answerOfThread()]);
  for (const { values, bytes } of answers) {
    assert.deepEqual(values, [3, 3, 3, 3]);
    // Two ones, one product.
    assert.equal(bytes, 4 * (6 + 6 + 4));
  }
});

/** Ends threads while they compute, most of them in native code, in a process that may die of it. */
const terminations = `
  const { Worker } = require('node:worker_threads');
  const [engine, core] = process.argv.slice(-2);
  const source = \`
    const { parentPort, workerData } = require('node:worker_threads');
    Promise.all(workerData.map((each) => import(each))).then(async ([{ openEngine }, core]) => {
      await openEngine('torch', { threads: 1 });
      const x = core.ones([64, 64]);
      parentPort.postMessage('computes');
      for (;;) core.matMul(x, x).dispose();
    });\`;
  const endOne = (left) => {
    if (left === 0) return console.log('all ended');
    const thread = new Worker(source, { eval: true, workerData: [engine, core] });
    thread.once('message', () => thread.terminate().then(() => endOne(left - 1)));
  };
  endOne(20);
`;

// Would catch an addon that throws into a thread that is ending: that ends the process by SIGABRT,
// and a run that was aborted in the middle of a step is then reported as a lost worker.
test('a thread may be ended while native code computes', () => {
  const modules = [
    new URL('../open-engine.js', import.meta.url).href,
    import.meta.resolve('@tensorflow/tfjs-core'),
  ];
  const words = ['--eval', terminations, ...modules];
  const said = execFileSync(process.execPath, words, { encoding: 'utf8' });
  assert.match(said, /all ended/);
});
