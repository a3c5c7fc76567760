/** The script for fish. Pure. */
import type { CompletedCommand, CompletedOption } from './completed.js';

export function fishScript(commands: readonly CompletedCommand[]): string {
  const first = commands.filter(({ name }) => !name.includes(' '));
  return [
    '# fish completion for lockstep: lockstep completion fish > ~/.config/fish/completions/lockstep.fish',
    'complete -c lockstep -f',
    ...first.map(
      ({ name, summary }) =>
        `complete -c lockstep -n __fish_use_subcommand -a ${name} -d ${word(summary)}`,
    ),
    ...commands.flatMap(ofCommand),
  ].join('\n');
}

const word = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function ofCommand({ name, operand, options, parts }: CompletedCommand): string[] {
  const when = word(
    name
      .split(' ')
      .map((part) => `__fish_seen_subcommand_from ${part}`)
      .join('; and '),
  );
  const line = (rest: string): string => `complete -c lockstep -n ${when} ${rest}`;
  const isPart = name.includes(' ');
  return [
    ...(parts.length > 0 ? [line(`-a ${word(parts.join(' '))}`)] : []),
    ...(parts.length === 0 && !isPart ? operandLine(operand, line) : []),
    ...(isPart ? operandLine(operand, line) : []),
    ...options.map((option) => line(optionWords(option))),
  ];
}

function operandLine(
  operand: CompletedCommand['operand'],
  line: (rest: string) => string,
): string[] {
  if (operand === 'file') return [line('-F')];
  return operand === 'folder' ? [line("-a '(__fish_complete_directories)'")] : [];
}

const values = {
  file: ' -r -F',
  folder: " -x -a '(__fish_complete_directories)'",
  nothing: ' -x',
} as const;

function optionWords({ name, short, text, value }: CompletedOption): string {
  const letter = short === null ? '' : ` -s ${short}`;
  return `-l ${name}${letter}${value === null ? '' : values[value]} -d ${word(text)}`;
}
