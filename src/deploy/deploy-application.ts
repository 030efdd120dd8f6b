import type { SendRequest } from '../http/transport.ts';
import type { NodionClient } from '../nodion/client.ts';
import { UnknownOutcome } from '../nodion/post-once.ts';
import type { Deployment } from '../nodion/responses.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { liveDeployment, replacementOf } from './attempt/find-candidates.ts';
import { type Course, type CourseEvent, runCourse } from './attempt/run-attempt.ts';
import type { Origin } from './attempt/trigger-deployment.ts';
import { type Conclusion, conclude } from './conclusion/conclude.ts';
import { describeLive } from './conclusion/describe-live.ts';
import type { Failure } from './conclusion/failure.ts';
import type { DeployPlan } from './plan/deploy-plan.ts';
import type { Target } from './preflight.ts';
import type { NoRollback, Rollback } from './roll-back.ts';

/** What became of one application. */
export interface DeploymentRun extends Omit<Course, 'before' | 'failure' | 'error'> {
  readonly target: Target;
  /** The application's address; null where it is not known. */
  readonly url: string | null;
  /** What was live just before the trigger; null where nothing was, or it is not known. */
  readonly previous: Deployment | null;
  /** Whether a trigger was sent that was or may have been carried out. */
  readonly triggered: boolean;
  /** The number of a newer deployment that is live in place of ours; null for none. */
  readonly replacedBy: number | null;
  /** Null where none was tried. */
  readonly rollback: Rollback | null;
  /** Whether a timeout ended the wait for it, or for its rollback. */
  readonly timedOut: boolean;
  readonly conclusion: Conclusion;
}

/** What happens while an application is deployed. */
export type DeployEvent =
  | CourseEvent
  /** It goes back to what was live before. */
  | {
      readonly kind: 'rollback';
      readonly bad: Course;
      readonly to: Deployment;
      readonly proof: Sentence;
    }
  /** What happens to the deployment that goes back. */
  | { readonly kind: 'rolling-back'; readonly event: CourseEvent }
  /** Nothing more is going to happen. */
  | { readonly kind: 'concluded'; readonly conclusion: Conclusion };

/** What an application is deployed with. */
export interface DeployOptions {
  readonly client: NodionClient;
  readonly transport: SendRequest;
  readonly signal: AbortSignal;
  /** Gives a rollback a time limit of its own: a signal that aborts after `ms`, or at a cancellation. */
  readonly moreTime: (ms: number) => AbortSignal;
  readonly onEvent: (event: DeployEvent) => void;
}

/**
 * Takes one application from the trigger to its conclusion, and back to what was live before where that
 * is asked for and due. Never throws: failures are conclusions.
 */
export async function deployApplication(
  target: Target,
  plan: DeployPlan,
  options: DeployOptions,
): Promise<DeploymentRun> {
  const { client, transport, onEvent } = options;
  const application = client.application(target.applicationId);
  const startMs = performance.now();
  const course = await runCourse({ ...target, instead: null }, plan, { ...options, application });
  const previous = findPrevious(target, course);
  const ended = conclude(course, plan);
  let rollbackAtMs = 0;

  /** The rollback, or why there is none; null where none is asked for, or nothing was triggered. */
  async function attemptRollback(failure: Failure): Promise<Rollback | NoRollback | null> {
    if (!plan.rollback || !isAfterTrigger(course)) return null;
    const { rollBack } = await import('./roll-back.ts');
    return await rollBack(course, failure, {
      ...{ target, plan, previous, application, transport },
      moreTime: options.moreTime,
      onDue: (due) => {
        rollbackAtMs = performance.now() - startMs;
        onEvent({ kind: 'rollback', bad: course, ...due });
      },
      onEvent: (event) => onEvent({ kind: 'rolling-back', event }),
    });
  }

  const attempt = ended.kind === 'success' ? null : await attemptRollback(ended);
  const rollback = attempt && 'why' in attempt ? null : attempt;
  const conclusion = ended.kind === 'success' ? ended : tellAll(ended, course, attempt);
  onEvent({ kind: 'concluded', conclusion });
  const { before, failure, error, ...known } = course;
  return {
    ...known,
    target,
    url: await knownUrl(target),
    previous,
    triggered: isTriggered(course.origin) || error instanceof UnknownOutcome,
    durationMs: rollback ? rollbackAtMs + (rollback.course.durationMs ?? 0) : course.durationMs,
    replacedBy:
      course.deployment && replacementOf(course.deployment, course.lastSeen?.deployments ?? []),
    rollback,
    timedOut: [ended, rollback?.conclusion].some((end) => end?.kind === 'timed_out'),
    conclusion,
  };
}

/** The application's address, if it is known by now. */
export async function knownUrl({ url }: Target): Promise<string | null> {
  return await Promise.race([url, null]);
}

function isAfterTrigger({ deployment, error }: Course): boolean {
  return deployment !== null || error instanceof UnknownOutcome;
}

/** What was live just before the trigger; null for nothing, or where none was sent. */
function findPrevious({ deployments }: Target, { before }: Course): Deployment | null {
  if (before === null || before === 'unread') return null;
  // Either list may be an old one.
  const listed = new Map(
    [...(deployments?.deployments ?? []), ...before].map((one) => [one.id, one]),
  );
  return liveDeployment([...listed.values()]);
}

/** A failure with what became of its rollback, and with what is live now. */
function tellAll(failure: Failure, course: Course, attempt: Rollback | NoRollback | null): Failure {
  if (!isAfterTrigger(course)) return failure;
  const live = describeLive((attempt ?? { course }).course);
  if (attempt && 'failure' in attempt) {
    return { ...attempt.failure, lines: [...attempt.failure.lines, live] };
  }
  const none = attempt ? [sentence`No rollback: ${attempt.why}.`] : [];
  return { ...failure, lines: [...failure.lines, ...none, live] };
}

/** Whether a deployment of that origin was triggered by this step. */
export function isTriggered(origin: Origin | null): boolean {
  return origin === 'triggered' || origin === 'recovered';
}

/** The run of a target that is not deployed, because of its own problem or another's. */
export function skippedRun(target: Target): DeploymentRun {
  const lines = target.problem ?? [sentence`Not triggered, because of another application.`];
  return {
    target,
    url: null,
    previous: null,
    lastSeen: null,
    deployment: null,
    origin: null,
    isOwn: false,
    triggered: false,
    startedAt: Date.now(),
    timeline: [],
    durationMs: null,
    outcome: null,
    rollout: null,
    health: null,
    stability: null,
    replacedBy: null,
    rollback: null,
    timedOut: false,
    conclusion: { kind: 'failure', title: 'Not deployed', lines },
  };
}
