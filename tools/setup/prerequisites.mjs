/** What set-up cannot install itself, and the command that does. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';

const nodeAtLeast = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);

/** A line for the user, or null. */
export const nodeIsTooOld =
  major > nodeAtLeast[0] || (major === nodeAtLeast[0] && minor >= nodeAtLeast[1])
    ? null
    : line(`node ${process.versions.node}`, `node >= ${nodeAtLeast.join('.')}`, {
        apt: 'sudo npm install --global n && sudo n 22',
        dnf: 'sudo dnf install nodejs22',
        brew: 'brew install node@22',
      });

const tools = {
  npm: {
    found: () => onPath('npm') !== null,
    line: () =>
      line('no npm on PATH', 'npm', {
        apt: 'sudo apt-get install -y npm',
        dnf: 'sudo dnf install -y npm',
        brew: 'brew install node',
      }),
  },
  python: {
    // Debian ships venv without ensurepip, which makes an environment without pip.
    found: () =>
      succeeds('python3', [
        '-c',
        'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))',
      ]),
    line: () =>
      line('no usable python3', 'python3 >= 3.10 with venv', {
        apt: 'sudo apt-get install -y python3 python3-venv',
        dnf: 'sudo dnf install -y python3',
        brew: 'brew install python3',
      }),
  },
  cmake: {
    found: () => onPath('cmake') !== null,
    line: () =>
      line('no cmake on PATH', 'cmake >= 3.18', {
        apt: 'sudo apt-get install -y cmake make',
        dnf: 'sudo dnf install -y cmake make',
        brew: 'brew install cmake',
      }),
  },
  compiler: {
    found: () =>
      [process.env.CXX, 'c++', 'g++', 'clang++'].some(
        (name) => name && onPath(name.split(' ')[0]) !== null,
      ),
    line: () =>
      line('no C++ compiler on PATH', 'c++ (C++20)', {
        apt: 'sudo apt-get install -y g++ make',
        dnf: 'sudo dnf install -y gcc-c++ make',
        brew: 'xcode-select --install',
      }),
  },
};

/** @param names keys of `tools`. @returns one line for each that is not there. */
export async function missingTools(names) {
  const lines = await Promise.all(
    [...names].map(async (name) => ((await tools[name].found()) ? null : tools[name].line())),
  );
  return lines.filter((text) => text !== null);
}

function line(is, shouldBe, commands) {
  const manager = onPath('apt-get')
    ? 'apt'
    : onPath('dnf')
      ? 'dnf'
      : onPath('brew')
        ? 'brew'
        : null;
  const how = manager === null ? 'install it' : `run: ${commands[manager]}`;
  return `Cannot set up: ${is}: it needs ${shouldBe}: ${how}`;
}

/** The path of `program`, or null. */
export function onPath(program) {
  const folders = program.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  for (const folder of folders) {
    const path = folder === '' ? program : `${folder}/${program}`;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there.
    }
  }
  return null;
}

/** Whether a command starts and ends with 0. */
export const succeeds = (program, words) =>
  new Promise((resolve) => {
    const child = spawn(program, words, { stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
