/**
 * What is built, tested and measured, in which order and within which time. What says most about a
 * new machine comes first, since the limit of the whole run may cut off the end.
 */
import type { TorchFacts } from './machine.js';
import type { Command, Part } from './part.js';
import type { ReportOptions } from './report-options.js';

export interface Host {
  /** The bundle's own Node. */
  readonly node: string;
  readonly python: string;
  readonly threads: number;
  /** How many compilers may run at once. */
  readonly compilers: number;
  readonly torch: TorchFacts;
  /** Compiled integration tests, relative to the bundle's root. */
  readonly tests: readonly string[];
}

const largeBatch = 'smollm135m-longtail';

export function planParts(host: Host, options: ReportOptions): readonly Part[] {
  const builds = planBuilds(host);
  const rest = [...planTests(host), peak(host), ...planTurns(host, options)];
  const isWanted = ({ name }: Part): boolean =>
    options.only.length === 0 || options.only.some((text) => name.includes(text));
  return [...builds, ...rest.filter(isWanted)];
}

function planBuilds({ compilers, torch }: Host): Part[] {
  const build = (source: string, binary: string, definitions: readonly string[]): Command[] => [
    {
      words: [
        ...['cmake', '-S', source, '-B', binary, '-DCMAKE_BUILD_TYPE=Release'],
        ...definitions.map((definition) => `-D${definition}`),
      ],
    },
    { words: ['cmake', '--build', binary, '--parallel', `${compilers}`] },
  ];
  return [
    {
      name: 'build the arithmetic addon',
      purpose: { kind: 'build' },
      commands: build('worker/arithmetic/native', 'build/arithmetic', []),
      limitSeconds: 60,
    },
    {
      name: 'build the torch addon',
      purpose: { kind: 'build' },
      commands: build('worker/engine/torch/native', 'build/torch', [
        `LOCKSTEP_LIBTORCH=${torch.folder}`,
      ]),
      limitSeconds: 200,
    },
  ];
}

function planTests({ node, tests }: Host): Part[] {
  const test = (file: string, ...words: string[]): Command => ({
    words: [node, '--test', '--test-reporter=spec', ...words, file],
  });
  const among = (part: string): string[] => tests.filter((file) => file.includes(part));
  const [conformance, golden] = [among('/conformance/'), among('/golden/')];
  const others = tests.filter((file) => !conformance.includes(file) && !golden.includes(file));
  const part = (name: string, commands: readonly Command[], limitSeconds: number): Part => ({
    name,
    purpose: { kind: 'test' },
    commands,
    limitSeconds,
  });
  return [
    part(
      'golden cases on the torch engine',
      golden.map((file) => test(file, '--test-name-pattern=engine torch$')),
      90,
    ),
    ...others.map((file) =>
      part(
        `test ${file.replace(/^dist\//, '').replace(/\.integration\.test\.js$/, '')}`,
        [test(file)],
        60,
      ),
    ),
    part(
      "conformance: tfjs-core's tests on the torch engine",
      conformance.map((file) => test(file)),
      120,
    ),
  ];
}

const peak = ({ python, torch, threads }: Host): Part => ({
  name: 'best matrix products of PyTorch',
  purpose: { kind: 'peak' },
  commands: [
    {
      words: [
        ...[python, 'bench/peers/matmul_peak.py'],
        ...['--device', torch.device, '--threads', `${threads}`],
      ],
    },
  ],
  limitSeconds: 60,
});

function planTurns(host: Host, { short }: ReportOptions): Part[] {
  const batches = [
    'small-longtail',
    // Minutes a step where there is no GPU.
    ...(short || host.torch.device === 'cpu' ? [] : [largeBatch]),
    'small-movies',
  ];
  const [turns, steps] = short ? [1, 2] : [2, 8];
  return batches.flatMap((batch) =>
    ['f32', 'bf16'].map((dtype): Part => {
      const measured: Measured = { batch, dtype, steps };
      const turn = [
        lockstepStep(host, 'exact', measured),
        // On the CPU both modes are the same.
        ...(host.torch.device === 'cpu' ? [] : [lockstepStep(host, 'fast', measured)]),
        peerStep(host, measured),
      ];
      return {
        name: `step ${batch} ${dtype}`,
        purpose: { kind: 'turns', batch, dtype },
        commands: Array.from({ length: turns }, () => turn).flat(),
        limitSeconds: batch === largeBatch ? 180 : 120,
      };
    }),
  );
}

interface Measured {
  readonly batch: string;
  readonly dtype: string;
  readonly steps: number;
}

const lockstepStep = (
  host: Host,
  mode: 'exact' | 'fast',
  { batch, dtype, steps }: Measured,
): Command => ({
  program: `Lockstep ${mode}`,
  words: [
    ...[host.node, 'dist/bench/main.js', 'step', '--batch', `bench/batches/${batch}`],
    ...['--engine', 'torch', '--dtype', dtype, '--mode', mode],
    ...['--threads', `${host.threads}`, '--steps', `${steps}`],
  ],
});

const peerStep = (host: Host, { batch, dtype, steps }: Measured): Command => ({
  program: 'PyTorch',
  words: [
    ...[host.python, 'bench/peers/packed_step.py', `bench/batches/${batch}`],
    ...['--device', host.torch.device, ...(dtype === 'bf16' ? ['--bf16'] : [])],
    ...['--threads', `${host.threads}`, '--steps', `${steps}`],
  ],
});
