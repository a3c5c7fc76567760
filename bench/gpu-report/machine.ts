/** What the machine is: for the head of the report, and for what is built and run. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { promisify } from 'node:util';

export interface TorchFacts {
  readonly version: string;
  readonly python: string;
  /** PyTorch's folder: `include` and `lib` are inside. */
  readonly folder: string;
  readonly device: 'cpu' | 'cuda';
  /** What PyTorch was built with; null where it knows only the CPU. */
  readonly cuda: string | null;
  readonly gpu: string | null;
  /** As CMake wants it: "9.0". */
  readonly capability: string | null;
  readonly gpuBytes: number | null;
}

export type TorchFound =
  | { readonly kind: 'found'; readonly torch: TorchFacts }
  | { readonly kind: 'missing'; readonly reason: string };

const askTorch = `
import json, platform, os, torch
cuda = torch.cuda.is_available()
gpu = torch.cuda.get_device_properties(0) if cuda else None
print(json.dumps({
  "version": torch.__version__, "python": platform.python_version(),
  "folder": os.path.dirname(torch.__file__), "device": "cuda" if cuda else "cpu",
  "cuda": torch.version.cuda, "gpu": gpu and gpu.name,
  "capability": gpu and f"{gpu.major}.{gpu.minor}", "gpuBytes": gpu and gpu.total_memory,
}))
`;

/** The first import of PyTorch on a cold disk reads gigabytes. */
const importLimitMs = 120_000;

const run = promisify(execFile);

export async function findTorch(python: string): Promise<TorchFound> {
  try {
    const { stdout } = await run(python, ['-c', askTorch], { timeout: importLimitMs });
    return { kind: 'found', torch: JSON.parse(stdout.trim().split('\n').at(-1) as string) };
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    return {
      kind: 'missing',
      reason: stderr.trim().split('\n').at(-1) || (message.split('\n')[0] as string),
    };
  }
}

/** Name and value of each line of the report's first table. */
export async function describeMachine(torch: TorchFound): Promise<(readonly [string, string])[]> {
  const found = torch.kind === 'found' ? torch.torch : null;
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(0)} GiB`;
  return [
    ['Bundle', bundleOrigin()],
    ['Processor', `${cpus()[0]?.model.trim() ?? arch()}, ${availableParallelism()} cores`],
    ['Memory', gigabytes(totalmem())],
    ['System', `${systemName()}, ${platform()} ${release()} ${arch()}`],
    ['GPU', found?.gpu ? `${found.gpu}, ${gigabytes(found.gpuBytes ?? 0)}` : 'none'],
    ['Driver', await lineOf('nvidia-smi', ['--query-gpu=driver_version', '--format=csv,noheader'])],
    ['Node', process.versions.node],
    ['PyTorch', found?.version ?? 'none'],
    ["PyTorch's CUDA", found?.cuda ?? 'none'],
    ['Python', found?.python ?? 'unknown'],
    ['CMake', await lineOf('cmake', ['--version'])],
    ['nvcc', await lineOf('nvcc', ['--version'], -1)],
    ['Compiler', await lineOf(process.env.CXX ?? 'c++', ['--version'])],
  ];
}

async function lineOf(program: string, words: readonly string[], at = 0): Promise<string> {
  try {
    const { stdout } = await run(program, [...words], { timeout: 20_000 });
    return stdout.trim().split('\n').at(at) ?? '';
  } catch {
    return 'none';
  }
}

/** What the bundle was made of; see tools/gpu-bundle.mjs. */
function bundleOrigin(): string {
  const file = 'bundle.json';
  if (!existsSync(file)) return 'none: a checkout';
  const { commit, changed, made } = JSON.parse(readFileSync(file, 'utf8'));
  return `${made}, commit ${commit}${changed ? ' with changes' : ''}`;
}

function systemName(): string {
  const file = '/etc/os-release';
  if (!existsSync(file)) return 'unknown';
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 'unknown';
}
