/** The options of a command as its help describes them. Pure. */

export interface DescribedOption {
  readonly name: string;
  /** Its letter; null without one. */
  readonly short: string | null;
  /** What stands for its value, as `FILE`; null where it takes none. */
  readonly value: string | null;
  readonly text: string;
}

const optionLine =
  /^ {2}--([a-z][a-z-]*)(?:, -([A-Za-z]))?(?: ([A-Z][A-Z0-9,=:|[\]]*))?(?: +(\S.*))?$/;
const furtherLine = /^ {8,}(\S.*)$/;

export function describedOptions(help: string): DescribedOption[] {
  const options: DescribedOption[] = [];
  let isOpen = false;
  for (const line of help.split('\n')) {
    const found = optionLine.exec(line);
    const further = furtherLine.exec(line)?.[1];
    const last = options.at(-1);
    if (found !== null) {
      const [, name = '', short = null, value = null, text = ''] = found;
      options.push({ name, short, value, text });
      isOpen = true;
    } else if (isOpen && further !== undefined && last !== undefined) {
      options[options.length - 1] = { ...last, text: `${last.text} ${further}` };
    } else {
      isOpen = false;
    }
  }
  return options;
}
