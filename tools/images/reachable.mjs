/** The files and packages that a program loads, sooner or later, going by the text of its modules. */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';

// Imports and re-exports: without what they name, a module cannot be loaded at all.
const atOnce = [
  /^(?:import|export)\b[^;'"]*?\bfrom\s+['"]([^'"]+)['"]/gm,
  /^import\s+['"]([^'"]+)['"]/gm,
];

// These, imports on demand, and the entries of threads and processes.
const forms = [
  ...atOnce,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"](\.[^'"]+\.js)['"],\s*import\.meta\.url\)/g,
  /\bcreateRequire\([^)]*\)(?:\.resolve)?\(\s*['"]([^'"]+)['"]/g,
];

const namesBy = (those, text) =>
  those.flatMap((form) => [...text.matchAll(form)].map((match) => match[1]));

/** What a module's text names, own files and packages alike. */
export const namesIn = (text) => namesBy(forms, text);

/**
 * Files that a program loads before its first line runs.
 *
 * @param read as for `reachable`
 */
export function loadedAtOnce(entry, read) {
  const files = new Set();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const name of namesBy(atOnce, read(file) ?? '')) {
      if (name.startsWith('.')) waiting.push(posix.join(posix.dirname(file), name));
    }
  }
  return [...files].sort();
}

/** `@scope/name/inner/file` belongs to `@scope/name`. */
export const packageOf = (name) =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * @param entries paths from the project's root
 * @param leftOut beginnings of paths that are not followed
 * @param read(path): a module's text, or null where there is none
 * @returns `files` and `packages`, sorted; `missing`: what is imported and is not there
 */
export function reachable(entries, leftOut, read) {
  const files = new Set();
  const packages = new Set();
  const missing = [];
  const waiting = entries.map((file) => ({ file, from: null }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { file, from } = next;
    if (files.has(file) || leftOut.some((start) => file.startsWith(start))) continue;
    const text = read(file);
    if (text === null) {
      missing.push(from === null ? file : `${file} (for ${from})`);
      continue;
    }
    files.add(file);
    for (const name of namesIn(text)) {
      if (name.startsWith('.')) {
        waiting.push({ file: posix.join(posix.dirname(file), name), from: file });
      } else if (!isBuiltin(name)) {
        packages.add(packageOf(name));
      }
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort(), missing: missing.sort() };
}
