import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { checkpointStoreContract } from './checkpoint-store.contract.js';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

checkpointStoreContract('folder', () => ({
  async fresh() {
    const folder = await mkdtemp(join(tmpdir(), 'lockstep-store-'));
    folders.push(folder);
    return join(folder, 'checkpoints');
  },
  async everything(location) {
    const entries = await readdir(location, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  },
  truncate: (path, file) => truncate(join(path, file), 40),
}));
