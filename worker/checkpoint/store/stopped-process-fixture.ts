/**
 * For a test: writes a checkpoint up to its publication, with a permit for so long, and waits for a word
 * to publish it. Says how that went.
 */
import { once } from 'node:events';
import { codeOf } from '../../../shared/exit-codes.js';
import { millis } from '../../../shared/units.js';
import { modelFile } from '../checkpoint-folder.js';
import { openCheckpointStore } from './open-checkpoint-store.js';
import { mayPublishBy, PublicationPermit, permittedUntil, readings } from './publication-permit.js';

const [directory = '', lease = ''] = process.argv.slice(2);
const permit = new PublicationPermit();
const mayPublish = mayPublishBy(permit.shared);
const draft = await openCheckpointStore(directory).begin(7);
await draft.write(modelFile, [new Uint8Array(16)]);
permit.grant(permittedUntil(readings(), millis(Number(lease))));
process.send?.('permitted');
await once(process, 'message');
const said = await draft.publish(new Uint8Array(2), mayPublish).then(() => 'published', codeOf);
await draft.discard();
process.send?.(said);
process.disconnect();
