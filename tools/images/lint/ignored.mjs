/** Whether .dockerignore keeps a path out of the context of builds. */

/**
 * The last line that matches decides. A path inside an ignored folder is ignored too.
 *
 * @param text of a .dockerignore
 * @param path from the context's root
 */
export function isIgnored(text, path) {
  let ignored = false;
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const isException = line.startsWith('!');
    const pattern = expression(isException ? line.slice(1) : line);
    if (parents(path).some((each) => pattern.test(each))) ignored = !isException;
  }
  return ignored;
}

/** `a/b/c` -> `a`, `a/b`, `a/b/c`. */
const parents = (path) =>
  path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));

function expression(pattern) {
  const source = pattern
    .replace(/^\/|\/$/g, '')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*|\?/g, (wild) => wilds[wild]);
  return new RegExp(`^${source}$`);
}

const wilds = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };
