/** The imports of the project's own source files, as they stand in the text. */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { projectRoot } from '../shared/project-root.js';

export interface Import {
  /** From the root: `worker/model/hllm.ts`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** As it is written: `../shared/ids.js`, `nats`, `node:fs`. */
  readonly name: string;
  /** The imported file where it is the project's own: `shared/ids.ts`. */
  readonly target: string | null;
  /** `nats`; null for the project's files and Node's modules. */
  readonly packageName: string | null;
}

// Imports and re-exports with names, imports for effect, and imports on demand (of types too). An
// import begins its line, so that one in an example inside a comment or a string is none.
const forms =
  /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm;

/** What `text`, formatted as this project's files are, imports. */
export function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(forms)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? '';
    const isOwn = name.startsWith('.');
    return {
      file,
      line: text.slice(0, match.index).split('\n').length,
      name,
      target: isOwn ? posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts') : null,
      packageName: isOwn || isBuiltin(name) ? null : packageOf(name),
    };
  });
}

/** `@scope/name/inner/file` belongs to `@scope/name`. */
const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

/** Every TypeScript file below `folders`, from the root. */
export function sourceFiles(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, projectRoot), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`)
      .sort(),
  );
}

export const readImports = (files: readonly string[]): Import[] =>
  files.flatMap((file) => importsOf(file, readFileSync(new URL(file, projectRoot), 'utf8')));
