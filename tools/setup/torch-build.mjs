/**
 * Which build of torch this machine can use. The default build of the package index computes on a CPU
 * too, but what it depends on are gigabytes of CUDA: without a driver nothing could ever load them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { inRoot, sitePackages } from './paths.mjs';
import { writeStamp } from './stamp.mjs';

export const torchVersion = '2.13.0';

/** Left by `--engine torch-cuda` and `--engine torch-cpu`, so that later set-ups keep to it. */
const choiceFile = inRoot('build/setup/torch-build');

/** @param build `cpu` or `cuda` */
export const chooseTorch = (build) => writeStamp(choiceFile, build);

/** Where the driver of NVIDIA's kernel module, or that of WSL, shows itself. */
const driverFiles = ['/proc/driver/nvidia/version', '/usr/lib/wsl/lib/libcuda.so.1'];

/** `cpu` or `cuda`; by files alone, since every set-up asks. */
export const wantedTorch = () =>
  decideTorch({
    platform: process.platform,
    hasDriver: driverFiles.some(existsSync),
    choice: existsSync(choiceFile) ? readFileSync(choiceFile, 'utf8') : null,
  });

/** @param choice the user's, or null */
export function decideTorch({ platform, hasDriver, choice }) {
  if (platform !== 'linux') return 'cpu';
  return choice ?? (hasDriver ? 'cuda' : 'cpu');
}

/** What `folder` (site-packages, or null) has: `absent`, `cpu`, or `cuda`, which also computes on a CPU. */
export function installedTorch(folder = sitePackages()) {
  const entries = folder === null || !existsSync(folder) ? [] : readdirSync(folder);
  const record = entries.find((entry) =>
    new RegExp(`^torch-${torchVersion.replaceAll('.', '\\.')}(\\+[^-]*)?\\.dist-info$`).test(entry),
  );
  // pip writes this folder last.
  if (record === undefined) return 'absent';
  const has = (requirement) => entries.some((entry) => entry.startsWith(`${requirement}-`));
  const needs = cudaRequirements(readFileSync(`${folder}/${record}/METADATA`, 'utf8'));
  if (needs === null) return 'cpu';
  if (!['nvidia_cuda_runtime', 'nvidia_cuda_cupti'].every(has)) return 'absent';
  return has('nvidia_cudnn_cu13') && has('nvidia_nccl_cu13') ? 'cuda' : 'cpu';
}

/**
 * The two libraries of CUDA that libtorch_cpu itself is linked to, as a requirement for pip; null
 * where this build of torch was made without CUDA.
 *
 * @param metadata the text of the package's METADATA
 */
export function cudaRequirements(metadata) {
  const version = /^Requires-Dist: cuda-toolkit\[[^\]]*\]==([^;\s]+)/m.exec(metadata)?.[1];
  return version === undefined ? null : `cuda-toolkit[cudart,cupti]==${version}`;
}
