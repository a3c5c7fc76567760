/** How long a worker waits in each situation. It gives up none of its waits silently: each ends in a reason. */
import { type Millis, millis } from '../../../shared/units.js';

/**
 * Silence of every leader after which a worker ends: a coordinator's host is replaced and its image
 * pulled by then, and what nobody wants must not hold a GPU for ever.
 */
export const leaderlessLimit: Millis = millis(900_000);

/** Another leader has taken over by then; where none has, the run may be over: its log says so. */
export const silenceLook: Millis = millis(10_000);

/** The same for whoever is asked to end: it decides within seconds, by what stands there just now. */
export const leaverLook: Millis = millis(1000);

/** A log of which nothing comes for so long is asked anew: what was to come may have been removed meanwhile. */
export const logReadLimit: Millis = millis(10_000);

/** What the log said longer ago than this decides nothing: others may have gone on since. */
export const staleLook: Millis = millis(2000);

/** A dataset is fetched and an engine opened by then, also a large one over a slow network. */
export const prepareLimit: Millis = millis(1_800_000);

/**
 * One lane of a step takes no longer, where a step is of a size that anybody waits for; whoever is not
 * warm by then joins as it is.
 */
export const warmUpLimit: Millis = millis(30_000);

/** A checkpoint of a large model is read and checked by then. */
export const loadLimit: Millis = millis(1_800_000);

/**
 * Peers answer in milliseconds once they have the state; after this the leader hears who does not, and
 * decides. It knows who still copies.
 */
export const linkLimit: Millis = millis(10_000);

/**
 * The same where members that train wait at a planned border: they stood there together a moment ago, and
 * each second is one of everybody's.
 */
export const plannedLinkLimit: Millis = millis(4000);

/**
 * A peer that is linked may still copy a large state: the leader sees its bytes come, and leaves out whoever
 * gets none. This is for a wait that no leader knows of.
 */
export const readyLimit: Millis = millis(1_800_000);

/** A copy of which no byte comes for this long has lost its holder. */
export const copyStallLimit: Millis = millis(10_000);

/** Between two tries to link or to copy. */
export const retryInterval: Millis = millis(500);

/** A thread leaves a generation before its next kernel; a kernel that is longer than this is told. */
export const leaveNoticeAfter: Millis = millis(5000);

/** A kernel that does not come back by then never will: the process ends, and is started again. */
export const leaveLimit: Millis = millis(60_000);

/** How long a failed worker waits until its failure is recorded. */
export const farewellLimit: Millis = millis(5000);

/** Supervisors kill 30 s after they have asked a process to end, and it must be faster. */
export const defaultGrace: Millis = millis(25_000);

/**
 * The only member that is asked to end waits so long for somebody who takes over its state: a leader
 * takes in who stands by within a second.
 */
export const successorPatience: Millis = millis(3000);

/**
 * Silence of every leader after which whoever is asked to end waits for none, if the log says that nobody
 * went on without it: a standby has taken over by then, and where coordinators are deleted together with
 * their workers none ever will.
 */
export const leaderPatience: Millis = millis(5000);

/**
 * Part of the grace in which others may take over; what is left is for a checkpoint, where nobody did.
 */
export const handOverShare = 0.5;

/** Standing still for this long is noticed: shorter than the silence after which a worker is replaced. */
export const standstill: Millis = millis(1000);

/**
 * Words that waited in sockets while the process stood still are read at once when it wakes: only what
 * comes later than this tells of now. Leaders speak twice as often.
 */
export const staleWords: Millis = millis(1000);

/** How often the thread is told again of a wish for a checkpoint: a large one takes minutes to write. */
export const wishInterval: Millis = millis(5000);
