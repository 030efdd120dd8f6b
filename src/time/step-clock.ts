/**
 * The step's clock on one page: every limit and pause of its own, in milliseconds, with its reason. The
 * promises that they add up to are held by `step-clock.test.ts`.
 */

// A request.

/** No request to Nodion waits longer: a load balancer gives up after about as long. */
export const REQUEST_LIMIT_MS = 30_000;
/** Most reads take well below a second. One that takes longer is tried again with more time, beside few others. */
export const QUICK_READ_MS = 10_000;
/** A health probe that takes longer is as bad as none. */
export const PROBE_LIMIT_MS = 10_000;
/** GitHub's API answers within a second or two; the deployment there must not hold up the one at Nodion. */
export const GITHUB_LIMIT_MS = 15_000;
/** Node's own 250 ms for each address but the last end every connection of a slow path (500 from Node 25). */
export const ADDRESS_ATTEMPT_MS = 2_500;
/** Most servers keep an idle connection for 5 s or more. A spare one is closed as early. */
export const IDLE_CONNECTION_MS = 4_000;

// Trying again.

/** From here on each failed read is tried again after twice as long, up to the longest. */
export const FIRST_BACK_OFF_MS = 1_000;
export const LONGEST_BACK_OFF_MS = 15_000;
/** A 429 without a `Retry-After` holds all for so long, doubled by each that follows it, up to the longest. */
export const FIRST_HOLD_MS = 1_000;
export const LONGEST_HOLD_MS = 15_000;
/** No server means more than a day by its `Retry-After`. */
export const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000;
/** An API that answers nothing for so long before the trigger is down: nothing is lost by ending there. */
export const OUTAGE_LIMIT_MS = 55_000;

// The image.

/** From one look at a tag that is not there yet to the next, at least: a push takes as long. At most 10 s more. */
export const LOOK_PAUSE_MS = 5_000;
/** A request to a registry, the first look and the last with their retries, and the search for where it is: all that is held up is the trigger. */
export const REGISTRY_LIMIT_MS = 10_000;
/** The last look is so long before `timeout`, so that a tag that is missing then is told as that. */
export const IMAGE_SPARE_MS = 1_000;

// The trigger.

/** A list that is older says too little of what was there before the trigger. */
export const OLDEST_LIST_MS = 1_000;
/** A limiter without a burst lets nothing through that follows a list within milliseconds: half a second to one. */
export const LIMITED_PAUSE_MS = 500;
/** A server that dropped its answer may still be at work: what it makes can show up seconds later. */
export const SEARCH_DELAYS_MS: readonly number[] = [1_000, 3_000, 5_000];
/** What was accepted is only a matter of time: 2 min in all. */
export const ACCEPTED_DELAYS_MS: readonly number[] = [
  ...SEARCH_DELAYS_MS,
  ...Array<number>(22).fill(5_000),
  1_000,
];
/** What was created so long before a trigger can't be its work, however wrong a gateway's clock is. */
export const TOO_OLD_MS = 60_000;

// The wait and the checks.

/** Nodion takes half a minute or more, but a refusal to deploy shows at once. */
export const FIRST_POLL_MS = 1_000;
/**
 * From a poll to the next, of whichever application: 22 a second are enough for one step until the first
 * has ended, and 33 then, since others end soon after it. With a poll every 3 s it is felt above 66 at once.
 */
export const POLL_SPACING_MS = 45;
export const LATER_POLL_SPACING_MS = 30;
/** What was seen no longer ago is seen now. */
export const SEEN_NOW_MS = 2_000;
/** After the checks the deployments are read once more: others may have deployed meanwhile. */
export const LOOK_AGAIN_MS = 5_000;
/** How often it is looked whether the process runs, and how late a look may come on a busy machine. */
export const RUNNING_TICK_MS = 250;
export const RUNNING_LATE_MS = 2_000;
/** For the application's address, where nothing was waited for that it could have come meanwhile. */
export const URL_GRACE_MS = 250;
/** Without a line for so long the log looks dead. */
export const HEARTBEAT_MS = 30_000;
/** `deployments`, which a step that is killed leaves behind, is written no more often. */
export const OUTPUTS_EVERY_MS = 1_000;

// The end: the wait ends within 1 s of `timeout`, and the step within 5 s of that, or of a signal.

/** For the answer to a trigger that is on its way at the timeout. */
export const POST_GRACE_MS = 400;
/** Until the end of the last look at the timeout, that grace included. */
export const LAST_LOOK_MS = 800;
/** What has not answered for so long when `timeout` ends the request is named. */
export const LONG_WAIT_MS = 2_000;
/** For a first state of the GitHub deployment that is on its way when the last one is due: it must not come after that. */
export const FIRST_STATE_MS = 1_500;
/** What was read no longer before the end of several applications is not read once more. */
export const SEEN_AT_END_MS = 500;
/** For a look at all applications that ended before the last one: 200 take so long. Of the report's time. */
export const LOOK_AT_ALL_MS = 3_000;
/** For the report: log tail, GitHub deployment, summary. */
export const REPORT_MS = 5_000;
/** The log of a bad version before it is rolled back, beside the rollback. */
export const LOG_TAIL_MS = 5_000;
/** After a signal: without the answer to a trigger nobody would know what it made. */
export const CANCELLED_POST_GRACE_MS = 2_000;
/** After a signal: for a last look at what is live. */
export const CANCELLED_LOOK_MS = 1_500;
/** From a signal to the end of the report: a runner kills after 7.5 s. */
export const CANCELLED_REPORT_MS = 4_000;
