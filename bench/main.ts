/** The `bench` command: `bench step ...`, `bench all-reduce ...`. The last line is JSON. */
import { benchAllReduce } from './all-reduce.js';
import { benchStep } from './step.js';

const benchmarks: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  step: benchStep,
  'all-reduce': benchAllReduce,
};

const [name = '', ...args] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (benchmark === undefined) {
  const names = Object.keys(benchmarks).join(', ');
  console.error(`Cannot run benchmark "${name}": it must be one of ${names}`);
  process.exitCode = 2;
} else {
  await benchmark(args);
}
