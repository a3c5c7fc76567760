/** Inputs that failed once: a file for each, in base64, in a folder named like its target. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../shared/project-root.js';

const folder = fileURLToPath(new URL('fuzz/corpus', projectRoot));

export interface KeptInput {
  readonly file: string;
  readonly input: Uint8Array;
}

export function keptInputs(target: string): KeptInput[] {
  const own = join(folder, target);
  if (!existsSync(own)) return [];
  return readdirSync(own)
    .sort()
    .map((file) => ({ file, input: Buffer.from(readFileSync(join(own, file), 'utf8'), 'base64') }));
}

/** Targets that have any. */
export const keptTargets = (): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** @returns the path of the file */
export function keepInput(target: string, input: Uint8Array): string {
  const own = join(folder, target);
  mkdirSync(own, { recursive: true });
  const digest = createHash('sha256').update(input).digest('hex');
  const path = join(own, `${digest.slice(0, 16)}.base64`);
  writeFileSync(path, `${Buffer.from(input).toString('base64')}\n`);
  return path;
}
