/** What comes from the bus: control messages, the run's log, plans and their parts. */
import fc from 'fast-check';
import { decodeControl, encodeControl } from '../../shared/messages/cluster/control.js';
import {
  decodeLeaderMessage,
  encodeLeaderMessage,
} from '../../shared/messages/cluster/from-leader.js';
import {
  decodeWorkerMessage,
  encodeWorkerMessage,
} from '../../shared/messages/cluster/from-worker.js';
import { decodeLogEntry, encodeLogEntry } from '../../shared/messages/cluster/log-entry.js';
import { packValue, unpackValue } from '../../shared/messages/codec.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import { decodeLanePart, encodeLanePart } from '../../shared/messages/lane-plan-message.js';
import { PartJoiner, splitMessage } from '../../shared/messages/parts.js';
import { anyPlans } from '../../shared/messages/plan-fixture.js';
import { decodeSharedPlan, encodeSharedPlan } from '../../shared/messages/shared-plan-message.js';
import { encodeStepPlan } from '../../shared/messages/step-plan-message.js';
import type { Format, Target } from '../target.js';
import { controlMessages, happenings, leaderMessages, workerMessages } from './examples.js';

const msgpack: Format = { open: (bytes) => unpackValue(bytes, 64), close: packValue };

const isMalformed = (error: unknown): boolean => error instanceof MalformedMessageError;

function messages<Message>(
  name: string,
  examples: readonly Message[],
  encode: (message: Message) => Uint8Array,
  decode: (bytes: Uint8Array) => Message,
): Target {
  return {
    name,
    seeds: examples.map(encode),
    format: msgpack,
    read: decode,
    isRefusal: isMalformed,
    write: (message) => encode(message as Message),
  };
}

const time = '2026-01-02T03:04:05.678Z';

export function messageTargets(): Target[] {
  const plans = fc.sample(anyPlans, { numRuns: 20, seed: 1 });
  const laneDigests = (lanes: number) => Array.from({ length: lanes }, () => 'a'.repeat(64));
  const encoded = plans.map(({ shared, lanes }) => encodeStepPlan(shared, lanes));
  return [
    messages('worker-message', workerMessages, encodeWorkerMessage, decodeWorkerMessage),
    messages('leader-message', leaderMessages, encodeLeaderMessage, decodeLeaderMessage),
    messages('control', controlMessages, encodeControl, decodeControl),
    messages(
      'log-entry',
      happenings.map((entry) => ({ fence: 2, time, entry })),
      encodeLogEntry,
      decodeLogEntry,
    ),
    {
      name: 'lane-plan',
      seeds: encoded.flatMap(({ lanes }) => lanes.map(({ bytes }) => bytes)),
      read: decodeLanePart,
      isRefusal: isMalformed,
      write: (part) => encodeLanePart(part as never),
    },
    {
      name: 'shared-plan',
      seeds: plans.map(({ shared }) =>
        encodeSharedPlan({ ...shared, laneDigests: laneDigests(shared.lanes) }),
      ),
      read: decodeSharedPlan,
      isRefusal: isMalformed,
      write: (plan) => encodeSharedPlan(plan as never),
    },
    {
      name: 'parts',
      // Two parts of one message, and one that is whole.
      seeds: [
        ...splitMessage(new Uint8Array(90).fill(3), 96),
        ...splitMessage(new Uint8Array(9), 96),
      ],
      read: (bytes) => new PartJoiner().add('key', bytes),
      isRefusal: isMalformed,
    },
  ];
}
