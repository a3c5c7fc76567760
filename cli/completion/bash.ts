/** The script for bash; it needs no bash-completion. Pure. */
import type { CompletedCommand, CompletedOption, Completes } from './completed.js';

const words = ({ name, short }: CompletedOption): string[] => [
  `--${name}`,
  ...(short === null ? [] : [`-${short}`]),
];

export function bashScript(commands: readonly CompletedCommand[]): string {
  const first = commands.filter(({ name }) => !name.includes(' ')).map(({ name }) => name);
  return `# bash completion for lockstep: eval "$(lockstep completion bash)"
_lockstep() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} kind=
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=( $(compgen -W ${quoted([...first, '--help', '--version'])} -- "$cur") )
    return
  fi
  case $command in
${commands
  .filter(({ parts }) => parts.length > 0)
  .map(partsCase)
  .join('\n')}
  esac
  case "$command $prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ -z $kind ]]; then
    if [[ $cur == -* ]]; then
      case $command in
${commands.map(optionsCase).join('\n')}
      esac
      return
    fi
    case $command in
${commands.flatMap(operandCase).join('\n')}
    esac
  fi
  case $kind in
    file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
  esac
}
complete -F _lockstep lockstep`;
}

const quoted = (list: readonly string[]): string => `'${list.join(' ')}'`;
const pattern = (text: string): string => `'${text}'`;

/** The second word is a part, and belongs to the command from there on. */
const partsCase = ({ name, parts }: CompletedCommand): string => `    ${pattern(name)})
      if (( COMP_CWORD == 2 )); then
        COMPREPLY=( $(compgen -W ${quoted([...parts, '--help'])} -- "$cur") )
        return
      fi
      command="${name} \${COMP_WORDS[2]}" ;;`;

function valueCases({ name, options }: CompletedCommand): string[] {
  const of = (kind: Completes): string[] => {
    const found = options.filter(({ value }) => value === kind).flatMap(words);
    if (found.length === 0) return [];
    return [`    ${found.map((word) => pattern(`${name} ${word}`)).join('|')}) kind=${kind} ;;`];
  };
  return [...of('file'), ...of('folder'), ...of('nothing')];
}

const optionsCase = ({ name, options }: CompletedCommand): string =>
  `        ${pattern(name)}) COMPREPLY=( $(compgen -W ${quoted(options.flatMap(words))} -- "$cur") ) ;;`;

const operandCase = ({ name, operand }: CompletedCommand): string[] =>
  operand === 'file' || operand === 'folder' ? [`      ${pattern(name)}) kind=${operand} ;;`] : [];
