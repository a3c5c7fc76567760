import { z } from 'zod';
import { membersMax } from '../../limits.js';
import { choice, derivedInteger, integer } from '../fields.js';

export const workers = z.strictObject({
  replicas: integer(`[1, ${membersMax}]`, 'Worker processes; never changes the result.').default(2),
  min: integer(
    `[1, ${membersMax}]`,
    'With fewer, training pauses until others come; at most `replicas`.',
  ).default(1),
  max: derivedInteger(
    `[1, ${membersMax}]`,
    '`lanes`',
    'More than these stand by, and replace who is lost; between `replicas` and `lanes`.',
  ),
  shares: choice(
    ['even', 'speed'],
    'How many lanes each worker gets: as many as the others, or by its measured speed, dealt anew at ' +
      'most once a minute. The result is the same.',
  ).default('even'),
});
