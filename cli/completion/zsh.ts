/** The script for zsh. Pure. */
import type { CompletedCommand, CompletedOption } from './completed.js';

export function zshScript(commands: readonly CompletedCommand[]): string {
  const first = commands.filter(({ name }) => !name.includes(' '));
  const several = commands.filter(({ parts }) => parts.length > 0);
  return `#compdef lockstep
# zsh completion for lockstep: lockstep completion zsh > "\${fpath[1]}/_lockstep"
_lockstep() {
  local -a commands
  commands=(
${first.map(({ name, summary }) => `    ${word(`${name}:${summary}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${several.map(partsCase).join('\n')}
  esac
  case $command in
${commands.map(optionsCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _lockstep ]]; then _lockstep "$@"; else compdef _lockstep lockstep; fi`;
}

const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const partsCase = ({ name, parts }: CompletedCommand): string => `    ${name})
      if (( CURRENT == 2 )); then
        _values 'part' ${parts.join(' ')}
        return
      fi
      command="${name} $words[2]"
      shift words
      (( CURRENT-- )) ;;`;

function optionsCase({ name, operand, options }: CompletedCommand): string {
  const kinds = { file: '*:file:_files', folder: '*:folder:_files -/', name: '*:name: ', none: '' };
  const last = kinds[operand];
  const specs = [...options.flatMap(specsOf), ...(last === '' ? [] : [last])];
  return `    ${word(name)}) _arguments ${specs.map(word).join(' ')} ;;`;
}

const actions = { file: ':file:_files', folder: ':folder:_files -/', nothing: ':value: ' };

function specsOf({ isRepeatable, name, short, text, value }: CompletedOption): string[] {
  const action = value === null ? '' : actions[value];
  const told = `[${text.replaceAll(/[[\]:\\]/g, (sign) => `\\${sign}`)}]`;
  const times = isRepeatable ? '*' : '';
  return [`--${name}`, ...(short === null ? [] : [`-${short}`])].map(
    (option) => `${times}${option}${told}${action}`,
  );
}
