import { z } from 'zod';
import type { JsonSchema } from './schema-types.js';

/** What may be written, as JSON Schema: before defaults and transformations. */
export const inputSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
