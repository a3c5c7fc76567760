/**
 * Everything that can grow or wait has its limit here, with the reason for its value. A limit is
 * checked where the thing enters a process.
 */
import { type Bytes, bytes, type Millis, mebibytes, millis } from './units.js';

/** Heartbeats of workers and coordinator. Their senders run no native compute, so they are punctual. */
export const heartbeatInterval: Millis = millis(500);

/**
 * How long training may wait for one peer. A phase of a large model takes minutes on a CPU, and dead
 * processes are noticed within seconds by other means: this one is for a training thread that hangs.
 */
export const peerTimeout: Millis = millis(300_000);

/**
 * A run makes no progress when no step is committed for `progressFloor` plus `progressFactor` times
 * the slowest of the last `progressWindow` steps. The floor is longer than `peerTimeout`, so that
 * members who wait for one of them name it first; the factor lets a step wait for a checkpoint of
 * the one before, or for a machine that swaps.
 */
export const progressFloor: Millis = millis(360_000);
export const progressFactor = 20;
export const progressWindow = 64;

/** The first step also loads libraries, compiles kernels and waits for the first epoch's order. */
export const firstCommitTimeout: Millis = millis(1_800_000);

/** An evaluation or a last checkpoint may work so long without a word: a large catalogue on a CPU. */
export const quietWorkTimeout: Millis = millis(1_800_000);

/**
 * The most that one look at the clock may add to the time that a process counts. Looks come every
 * `tickInterval`; one that comes later was not late, the process stood still (a closed lid, a
 * migrated or paused machine), and nobody can have been heard meanwhile.
 */
export const longestTick: Millis = millis(500);

/** Refused messages of each reason that the log shows; after these only every tenfold of their number. */
export const refusalExamples = 5;

/** How often the coordinator looks at its clock. */
export const tickInterval: Millis = millis(100);

/** The client asks the server for a sign of life this often; two unanswered ones close the connection. */
export const busPingInterval: Millis = millis(1000);
export const busPingsUnanswered = 2;

/** A server on the same network answers in milliseconds; ten seconds mean that it will not. */
export const busConnectTimeout: Millis = millis(10_000);
export const busRequestTimeout: Millis = millis(10_000);

/**
 * A first connection is tried for so long, where nothing else is said: a machine that has just been
 * plugged in finds its way within seconds, and so does a server that is being started.
 */
export const busPatience: Millis = millis(30_000);

/**
 * The longest wait between two tries to reach a server that is away. Tries come at random times
 * within it, so that all members of a job do not knock at once.
 */
export const busReconnectDelay: Millis = millis(300);

/** How long one try may take: a frozen server of a cluster must not keep us from the next one. */
export const busReconnectTimeout: Millis = millis(3000);

/** Parts of a file are asked for or stored again so often by a server that is there and says nothing. */
export const busTries = 3;

/** A reader asks the server for messages, for so long, */
export const busPullTime: Millis = millis(10_000);

/** and hears from it that it is there this often; after two missed signs it asks anew. */
export const busIdleHeartbeat: Millis = millis(1000);

/** Between two tries to read what is not there yet: a stream that someone else creates. */
export const busReadAgainDelay: Millis = millis(250);

/** Messages that a reader is sent ahead of handling them. */
export const busReadAhead = 256;

/** What the server keeps for a reader goes away so long after it was last heard of. */
export const busConsumerAge: Millis = millis(30_000);

/** Nothing that a run stores, but for its log and its values, is worth keeping for longer. */
export const busStreamAge: Millis = millis(7 * 24 * 3600 * 1000);

/**
 * How long a log lives behind its newest entry: a run may be suspended for long, and whoever goes on
 * with it must find all of it,
 */
export const busLogAge: Millis = millis(400 * 24 * 3600 * 1000);

/** of which it is told this often: each time costs two requests. */
export const busLogAgeInterval: Millis = millis(24 * 3600 * 1000);

/** The same once the run is over. */
export const busEndedLogAge: Millis = millis(8 * 24 * 3600 * 1000);

/**
 * Values are rewritten only when they change, so they must outlive the longest run; whoever leads a
 * run removes them at its end.
 */
export const busValueAge: Millis = millis(400 * 24 * 3600 * 1000);

/**
 * Steps that may be published past the committed one. Two would hide the latency of publishing;
 * eight also ride out a second in which the coordinator does not run.
 */
export const planLead = 8;

/**
 * Steps kept in the stream when no checkpoint covers them: the plan is a pure function, so older
 * ones could be published again.
 */
export const plansKept = 1024;

/** Bytes of one part of a plan: sixteen million numbers, far above any step that fits a GPU. */
export const lanePlanBytes: Bytes = mebibytes(64);

/**
 * Steps of which a worker may hold parts of plans: the coordinator is `planLead` steps ahead of the
 * slowest member, who is at most as far back as the links let it be. Whatever comes beyond is not ours.
 */
export const openPlansMax = 64;

/** Bytes of one control message. The largest carries a job and its dataset's file list: about 4 KiB. */
export const controlMessageBytes: Bytes = bytes(256 * 1024);

/** Nesting of a control message; the deepest valid one has six levels. */
export const controlMessageDepth = 16;

/** Files of a dataset or of pretrained weights; as many as a control message has room for, and then some. */
export const publishedFilesMax = 1024;

/** Characters of a failure's message and stack that travel; the process's own log has the rest. */
export const failureTextLength = 8192;

/** Lane plans of which parts have arrived and others have not: a window of lanes, generously. */
export const partialPlans = 4096;

/** Stages of a job; the paper has three, and each has a layout, a planner and a line in every table. */
export const stagesMax = 16;

/** Members of a job; one hop from everyone to everyone stops being a good idea well before. */
export const membersMax = 1024;

/**
 * Members up to which each tells of its link to every other one: all pairs are 240 links then, 9 kB of a
 * history each time. Beyond it a member tells its sums, and its `linkPeersTold` slowest peers.
 */
export const linkPairsMembers = 16;
export const linkPeersMax = linkPairsMembers - 1;
/** One slow peer, or the members of one slow machine, show among so many. */
export const linkPeersTold = 4;

/**
 * A history has the links of a generation so often, and once soon: of 16 members 76 MB a day, of 64 a fifth of
 * what it has of their phases.
 */
export const linksToldInterval: Millis = millis(10_000);

/** A worker asks its links thread so often; a step never does. */
export const linksAskedInterval: Millis = millis(2000);

/** Lanes of a job: each has a line in every step's statistics, and its sum a place in memory. */
export const lanesMax = 256;

/**
 * Characters of a ledger's line. The longest step has 65,536 users, which are 350 kB, and twice
 * `membersMax` names of at most 128.
 */
export const ledgerLineBytes: Bytes = mebibytes(1);

/**
 * Characters of what travels beside the sections of a state: the lines of `recentSteps` steps, a
 * kilobyte each, and the memory of the guard.
 */
export const stateHeaderBytes: Bytes = bytes(1024 * 1024);

/** Memory grows by gigabytes in a second of a step; looking costs a file of each process. */
export const memoryWatchInterval: Millis = millis(250);

/** Bytes of a generation's record: `membersMax` members of some hundred bytes each. */
export const generationBytes: Bytes = bytes(512 * 1024);

/** Bytes of one entry of a run's log. A step of a million users carries their numbers: some megabytes. */
export const logEntryBytes: Bytes = mebibytes(16);

/** Nesting of an entry of a run's log. */
export const logEntryDepth = 16;

/**
 * A process that ends so often in a row, each time within `shortLife` of its start, cannot live where
 * it is: whoever keeps it running gives it up.
 */
export const shortLivesMax = 5;
export const shortLife: Millis = millis(10_000);

/** Before a process that keeps ending is started again: a server that is away is found within this time. */
export const restartPauseMax: Millis = millis(5000);

/** How often a command that wants a run to stop says so until the run has ended. */
export const stopRequestInterval: Millis = millis(500);

/** Bytes of a job's secret: 16 cannot be guessed, and more than 1,024 are some other file. */
export const secretBytesMin = 16;
export const secretBytesMax = 1024;

/** How long a process that must end may take to say goodbye before it is killed. */
export const goodbyeTimeout: Millis = millis(3000);

/** Bytes of a request's head at a metrics port: scrapers send some hundred, browsers with cookies more. */
export const requestHeadBytes: Bytes = bytes(8 * 1024);

/**
 * Connections of strangers at one port. A peer or a scraper is a stranger for milliseconds; sixty-four
 * leave most of the 1,024 descriptors, which is what a process usually may open, to the process.
 */
export const strangersMax = 64;

/** How long a stranger may take, from its connection to the last byte of its answer. */
export const strangerTimeout: Millis = millis(5000);

/** How long a socket may stay that has had its answer: the client's end of it takes a round trip. */
export const dismissTimeout: Millis = millis(1000);

/** Bytes read from a socket that has had its answer: what was on its way already. */
export const dismissedBytes: Bytes = bytes(256 * 1024);

/**
 * Between two renderings of the metrics, which take about a millisecond of the thread that sends
 * heartbeats. Scrapers ask every few seconds.
 */
export const renderingInterval: Millis = millis(250);

/**
 * Bytes of a large file that are in memory at once, per reader or writer. Any size of a few MiB
 * keeps a disk and SHA-256 busy, and hashing one piece takes some 4 ms: no heartbeat is late for it.
 */
export const filePieceBytes: Bytes = mebibytes(4);

/**
 * Bytes of an object in the object store: the client sends one without waiting, and the server must
 * have stored it within `busRequestTimeout`. A slow disk stores ten times as much in that time.
 */
export const objectPartBytes: Bytes = mebibytes(8);

/**
 * Floats of one vector: the longest typed array of Node 20, which is 16 GiB. All parameters of a model
 * are one vector.
 */
export const vectorFloatsMax = 2 ** 32;

/** The owner of a folder or of a run's name shows that it lives this often. */
export const ownerRenewInterval: Millis = millis(1000);

/**
 * Silence after which an owner counts as dead where nothing else tells, as in another container: ten
 * renewals, so that a machine that swaps loses nothing, and a restarted container waits no longer.
 */
export const ownerLease: Millis = millis(10_000);

/** How often a waiting process looks whether the owner has renewed. */
export const ownerWatchInterval: Millis = millis(250);

/**
 * Age at which a temporary file is nobody's although its owner cannot be judged from here: no write
 * of a checkpoint or a dataset takes a day without touching its folder.
 */
export const abandonedAfter: Millis = millis(24 * 3600 * 1000);

/**
 * Steps kept beside the checkpoints for a history that has not heard of them: those that members can
 * commit without a coordinator (`planLead`), and what was on its way when its writer was killed.
 */
export const recentSteps = 64;

/**
 * Lines of a history that wait for a disk that is full: hours of steps, and some megabytes. The
 * oldest are lost then; a checkpoint that is due fails long before.
 */
export const historyLinesWaiting = 10_000;

/** The same of a ledger, whose lines are longer: `ledgerLineBytes` each at most. */
export const ledgerLinesWaiting = 256;

/** Bytes of a ledger's file, about: whoever copies or reads the last one has not much to do. */
export const ledgerFileBytes: Bytes = mebibytes(64);
