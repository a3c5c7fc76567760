/** For the lock's test: takes the lock of a folder and keeps it until it is killed. */
import { codeOf } from '../../shared/exit-codes.js';
import { lockFolder } from './folder-lock.js';

const said = await lockFolder(process.argv[2] ?? '', { note: () => undefined }).then(
  () => 'locked',
  codeOf,
);
process.send?.(said);
setInterval(() => undefined, 1000);
