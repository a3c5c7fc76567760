/** Every reader of bytes that come from outside this process. */
import type { Target } from '../target.js';
import { fileTargets } from './files.js';
import { linkTargets } from './links.js';
import { messageTargets } from './messages.js';
import { recordTargets } from './records.js';
import { tableTargets } from './tables.js';
import { transferTargets } from './transfer.js';

export const targets = (): readonly Target[] => [
  ...linkTargets(),
  ...transferTargets(),
  ...messageTargets(),
  ...recordTargets(),
  ...fileTargets(),
  ...tableTargets(),
];
