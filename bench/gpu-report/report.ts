/** The report in Markdown, of what has happened so far. */
import type { CommandResult, Ending, PartResult } from './part.js';
import { peakFlops, ratioRows, stepRows } from './step-rows.js';

export interface ReportInput {
  readonly title: string;
  readonly machine: readonly (readonly [string, string])[];
  readonly results: readonly PartResult[];
  /** Parts that did not start yet. */
  readonly left: readonly string[];
}

export function report({ title, machine, results, left }: ReportInput): string {
  const sections = [
    `# ${title}`,
    table(['machine', ''], machine),
    '## Parts',
    table(
      ['part', 'result', 'seconds', 'limit'],
      [
        ...results.map(({ part, ending, seconds, commands }) => [
          part.name,
          `${said(ending)}${counts(commands)}`,
          seconds.toFixed(1),
          `${part.limitSeconds}`,
        ]),
        ...left.map((name) => [name, 'not started yet', '', '']),
      ],
    ),
    ...steps(results),
    '## Commands',
    results.flatMap(({ commands }) => commands.map(commandLine)).join('\n'),
    ...failures(results),
  ];
  return `${sections.join('\n\n')}\n`;
}

function said(ending: Ending): string {
  return ending.kind === 'passed' ? 'passed' : `**${ending.kind}**: ${ending.reason}`;
}

function counts(commands: readonly CommandResult[]): string {
  const texts = commands.flatMap(({ tests }) =>
    tests === null ? [] : [`${tests.pass} passed, ${tests.fail} failed, ${tests.skipped} left out`],
  );
  return texts.length === 0 ? '' : ` (${texts.join('; ')})`;
}

function steps(results: readonly PartResult[]): string[] {
  const rows = stepRows(results);
  if (rows.length === 0) return [];
  return [
    '## Steps',
    'Medians over the turns. All programs are given the operations that the step needs. Peak is the\n' +
      'best matrix product of PyTorch on the same device, in the precision or, where faster, in f32:\n' +
      `${peakLine(results)}.`,
    table(
      ['batch', 'dtype', 'program', 'step, s', 'users/s', 'tokens/s', 'TFLOP/s', 'of peak', 'loss'],
      rows.map((row) => [
        row.batch,
        row.dtype,
        row.program,
        row.stepSeconds.toPrecision(4),
        cell(row.usersPerSecond, (value) => value.toPrecision(4)),
        cell(row.tokensPerSecond, (value) => Math.round(value).toLocaleString('en-US')),
        cell(row.flopsPerSecond, (value) => (value / 1e12).toPrecision(3)),
        cell(row.shareOfPeak, (value) => `${(100 * value).toFixed(1)} %`),
        cell(row.loss, (value) => value.toFixed(4)),
      ]),
    ),
    table(
      ['batch', 'dtype', 'program', 'turns', 'its time / that of PyTorch', 'range'],
      ratioRows(results).map(({ batch, dtype, program, ratios, median, least, most }) => [
        batch,
        dtype,
        program,
        `${ratios.length}`,
        median.toFixed(3),
        `${least.toFixed(3)} to ${most.toFixed(3)}`,
      ]),
    ),
  ];
}

function peakLine(results: readonly PartResult[]): string {
  const peaks = Object.entries(peakFlops(results));
  if (peaks.length === 0) return 'not measured';
  return peaks.map(([dtype, flops]) => `${dtype} ${tera(flops)} TFLOP/s`).join(', ');
}

const tera = (flops: unknown): string =>
  typeof flops === 'number' ? (flops / 1e12).toPrecision(3) : '?';

const commandLine = ({ command, ending, seconds, log }: CommandResult): string =>
  `- \`${command.words.join(' ')}\`\n  ${said(ending)}, ${seconds.toFixed(1)} s, [${log}](logs/${log})`;

function failures(results: readonly PartResult[]): string[] {
  const failed = results.flatMap(({ commands }) =>
    commands.filter(({ ending }) => ending.kind === 'failed'),
  );
  if (failed.length === 0) return [];
  return ['## Failures', ...failed.map(({ log, tail }) => `${log}\n\n${indented(tail)}`)];
}

/** Indented, because what a program prints may have fences of its own. */
const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');

const cell = <T>(value: T | null, text: (value: T) => string): string =>
  value === null ? '' : text(value);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
