/**
 * Opens an engine's addon in a process of its own: what a library does to a process that loads it, on a
 * machine that it was not built for, must not end the command that asks.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { engineFile } from '../../../process/engine-files.js';
import type { EngineFact, SetUpEngine } from './facts.js';

/** Loading from a cold disk takes some seconds; the drivers of eight devices as many again. */
const patienceMs = 60_000;

/** The functions are those of worker/engine/torch/native.ts and worker/engine/tensorflow/tfjs-node.ts. */
const programs: Readonly<Record<SetUpEngine, string>> = {
  torch: `
    const addon = require(process.argv[1]);
    const device = addon.open({ threads: 1, deterministic: true, tf32: false, hostPasses: 'blocks' });
    console.log(JSON.stringify({ version: addon.version(), device }));`,
  tensorflow: `
    console.log(JSON.stringify({ version: require(process.argv[1]).TF_Version, device: null }));`,
};

export async function probeEngine(name: SetUpEngine, file = engineFile(name)): Promise<EngineFact> {
  if (!existsSync(file)) return { kind: 'absent', file };
  return new Promise((resolve) => {
    const words = ['-e', programs[name], file];
    const options = { timeout: patienceMs, maxBuffer: 1024 * 1024 };
    execFile(process.execPath, words, options, (error, stdout, stderr) => {
      const found = lastJson(stdout);
      if (error === null && found !== null) resolve({ kind: 'open', ...found });
      else resolve({ kind: 'broken', reason: reasonOf(error, stderr) });
    });
  });
}

/** Libraries may print what they like before. */
function lastJson(stdout: string): { version: string; device: string | null } | null {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  } catch {
    return null;
  }
}

type Ended = (Error & { readonly signal?: string | null; readonly killed?: boolean }) | null;

function reasonOf(error: Ended, stderr: string): string {
  if (error?.killed === true) return `it did not answer within ${patienceMs / 1000} s`;
  const said = /^\w*Error: (.+)$/m.exec(stderr)?.[1];
  if (said !== undefined) return said;
  return error?.signal ? `its process was ended by ${error.signal}` : 'it says nothing of itself';
}
