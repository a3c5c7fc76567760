/** What a request of an operator and the log's entry about it have in common. */
import { z } from 'zod';

export const requestBy = z.string().max(256);

export const requestId = z
  .string()
  .regex(/^[0-9a-f]{16}$/, { error: 'must be 16 hexadecimal digits' });
