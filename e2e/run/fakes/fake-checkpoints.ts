import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FoundCheckpoint } from '../../../shared/messages/report-fields.js';

export function newestFakeCheckpoint(folder: string): FoundCheckpoint | null {
  const name = existsSync(folder) ? readdirSync(folder).sort().at(-1) : undefined;
  if (name === undefined) return null;
  return { path: join(folder, name), committedSteps: Number(name.slice('step-'.length)) };
}

export function writeFakeCheckpoint(
  folder: string,
  committedSteps: number,
  weights: string,
): string {
  const path = join(folder, `step-${String(committedSteps).padStart(8, '0')}`);
  if (existsSync(path)) return path;
  mkdirSync(`${folder}.tmp`, { recursive: true });
  writeFileSync(join(`${folder}.tmp`, 'weights'), weights);
  mkdirSync(folder, { recursive: true });
  renameSync(`${folder}.tmp`, path);
  return path;
}

export const readFakeCheckpoint = (path: string): string =>
  readFileSync(join(path, 'weights'), 'utf8');
