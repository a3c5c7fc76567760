/** A Dockerfile as data: its stages and their instructions. */

/**
 * @returns `args`: defaults of the build arguments before the first stage, by name; `stages`:
 *   `{ name, base, line, steps }`, where `base` has defaults filled in and a step is
 *   `{ word, text, flags, line }`, the word in capitals
 */
export function parseDockerfile(text) {
  const args = new Map();
  const stages = [];
  for (const step of instructions(text)) {
    if (step.word === 'FROM') {
      const [base, as, name] = step.text.split(/\s+/);
      const named = /^as$/i.test(as ?? '') ? name : null;
      stages.push({ name: named, base: filled(base, args), line: step.line, steps: [] });
    } else if (stages.length > 0) {
      stages.at(-1).steps.push(step);
    } else if (step.word === 'ARG') {
      const [name, ...value] = step.text.split('=');
      args.set(name, value.join('='));
    }
  }
  return { args, stages };
}

const filled = (text, args) =>
  text.replace(/\$\{(\w+)\}|\$(\w+)/g, (_, braced, plain) => args.get(braced ?? plain) ?? '');

/** One instruction may go over several lines, with comments in between. */
function instructions(text) {
  const found = [];
  let open = null;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const part = line.replace(/\\$/, '').trim();
    if (open === null) open = { text: part, line: index + 1 };
    else open.text += ` ${part}`;
    if (line.endsWith('\\')) continue;
    found.push(instruction(open));
    open = null;
  }
  return found;
}

function instruction({ text, line }) {
  const [, word, rest] = /^(\w+)\s*(.*)$/s.exec(text);
  const flags = [];
  let body = rest;
  for (let flag = /^(--\S+)\s+/.exec(body); flag !== null; flag = /^(--\S+)\s+/.exec(body)) {
    flags.push(flag[1]);
    body = body.slice(flag[0].length);
  }
  return { word: word.toUpperCase(), text: body, flags, line };
}

/** The stage, then the one it begins from, and so on; the last one begins from an image. */
export function chainOf(stages, stage) {
  const before = stages.slice(0, stages.indexOf(stage));
  const parent = before.find(({ name }) => name !== null && name === stage.base);
  return parent === undefined ? [stage] : [stage, ...chainOf(stages, parent)];
}

/** The step that holds at the end: the last of that word, in the stage or in what it begins from. */
export function lastStep(chain, word) {
  for (const { steps } of chain) {
    const found = steps.filter((step) => step.word === word).at(-1);
    if (found !== undefined) return found;
  }
  return null;
}

/** The words of the exec form, or null where it is for a shell. */
export function execWords(text) {
  try {
    const words = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : null;
  } catch {
    return null;
  }
}
