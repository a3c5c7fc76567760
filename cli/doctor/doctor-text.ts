/** The findings for people. Pure. */
import { wrapped } from '../output/text/wrapped.js';
import type { Check, Level } from './checks/check.js';

const colours: Readonly<Record<Level, number>> = { ok: 32, warning: 33, missing: 31 };

/** A row for each check, and what helps below it. @param colour whether the terminal paints */
export function doctorText(checks: readonly Check[], colour: boolean, columns: number): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat('missing'.length + width + 4);
  const lines = checks.flatMap(({ help, level, name, text }) => {
    const word = level.padEnd('missing'.length);
    const painted = colour ? `\u001b[${colours[level]}m${word}\u001b[39m` : word;
    const [first = '', ...more] = wrapped(text, columns - indent.length);
    const helps = help === null ? [] : wrapped(help, columns - indent.length - 3);
    return [
      `${painted}  ${name.padEnd(width)}  ${first}`,
      ...more.map((line) => `${indent}${line}`),
      ...helps.map((line, i) => `${indent}${i === 0 ? '-> ' : '   '}${line}`),
    ];
  });
  return [...lines, '', summary(checks)].join('\n');
}

function summary(checks: readonly Check[]): string {
  const of = (level: Level): string[] =>
    checks.filter((check) => check.level === level).map(({ name }) => name);
  const missing = of('missing');
  if (missing.length > 0) {
    return `Training cannot begin on this machine before these are mended: ${missing.join(', ')}.`;
  }
  const warnings = of('warning');
  return warnings.length === 0
    ? 'Everything that training needs is here. To see it train: npm start'
    : `Training can begin. Worth a look: ${warnings.join(', ')}.`;
}
