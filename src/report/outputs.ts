import type { AttemptEvent } from '../deploy/attempt/attempt.ts';
import type { Conclusion, Failure, Reason } from '../deploy/conclusion/conclusion.ts';
import { type DeployEvent, type DeploymentRun, isTriggered } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight/preflight.ts';
import type { Deployment } from '../nodion/responses.ts';
import * as commands from '../runner/commands.ts';
import { joined } from '../runner/sentence.ts';
import { OUTPUTS_EVERY_MS } from '../time/step-clock.ts';

/** What the outputs of one application are made of; what is not known yet is left out. */
interface Known extends Partial<Omit<DeploymentRun, 'rollback' | 'conclusion'>> {
  readonly target: Target;
  readonly rollback?: DeploymentRun['rollback'];
  /** The deployment that goes back, while it does. */
  readonly rollbackDeployment?: Deployment | null;
  readonly conclusion?: Conclusion | { readonly kind: 'success'; readonly reason: 'checked' };
}

/** Sets how the step ends. */
export function setConclusion(kind: Conclusion['kind'], reason: Reason): void {
  commands.setOutput('conclusion', kind);
  commands.setOutput('reason', reason);
}

/**
 * The outputs that hold until the applications are known: `deployments` has an object for each ID or name.
 * @param end why the step ends already; left out while it goes on.
 */
export function setInitialOutputs({ applications }: DeployPlan, end?: Failure): void {
  const timedOut = end?.kind === 'timed_out';
  commands.setOutput('triggered', false);
  commands.setOutput('timed_out', timedOut);
  if (end) setConclusion(end.kind, end.reason);
  const unknown = outputsOf({ timedOut, ...(end && { conclusion: end }) });
  const given =
    applications.by === 'id'
      ? applications.ids.map((id) => ({ application_id: id }))
      : applications.names.map((name) => ({ application_name: name }));
  for (const [name, value] of Object.entries(given[0] ?? {})) commands.setOutput(name, value);
  setDeployments(given.map((one) => ({ ...unknown, ...one })));
}

/** The outputs of the first application by their names, and `deployments` with those of all. */
export function setOutputs(all: readonly Known[]): void {
  const [first] = all;
  if (first) setSingleOutputs(first);
  const failed = all.find(
    ({ conclusion }) => hasFailed(conclusion) && conclusion.reason !== 'skipped',
  );
  const conclusion = (failed ?? first)?.conclusion;
  if (conclusion) setConclusion(conclusion.kind, conclusion.reason);
  setDeployments(all.map(outputsOf));
}

/**
 * Keeps the outputs true while applications are deployed, for a step that is killed: those of the first at
 * once, `deployments` once a second at most.
 */
export function createLiveOutputs(targets: readonly Target[]) {
  const all = new Map<Target, Known>(targets.map((target) => [target, { target }]));
  let dueAtMs = 0;
  let timer: NodeJS.Timeout | undefined;

  function write(): void {
    timer = undefined;
    dueAtMs = performance.now() + OUTPUTS_EVERY_MS;
    setDeployments([...all.values()].map(outputsOf));
  }

  return {
    update: (target: Target, event: DeployEvent): void => {
      if (event.kind !== 'progress' || !NEWS.has(event.event.kind)) return;
      const { deployment, origin, before } = event.attempt;
      const triggered = deployment ? isTriggered(origin) : before.kind !== 'not sent';
      const news = event.isRollback
        ? { rollbackDeployment: deployment }
        : { deployment, triggered };
      const known = { ...all.get(target), target, ...news };
      all.set(target, known);
      if (target === targets[0]) setSingleOutputs(known);
      timer ??= setTimeout(write, Math.max(0, dueAtMs - performance.now()));
    },
    end: (): void => clearTimeout(timer),
  };
}

const NEWS: ReadonlySet<string> = new Set<AttemptEvent['kind']>([
  'trigger-sent',
  'trigger-not-sent',
  'deployment',
  'status',
  'successor',
]);

/** All but `conclusion` and `reason`, which may be another application's. */
function setSingleOutputs(known: Known): void {
  const { conclusion, ...rest } = known;
  const { conclusion: _, reason, ...single } = outputsOf(rest);
  for (const [name, value] of Object.entries(single)) commands.setOutput(name, value);
}

function withoutOutputs<T extends { conclusion: string | null }>(deployment: T) {
  if (deployment.conclusion !== 'success') return deployment;
  return { ...deployment, conclusion: 'failure', reason: 'output_not_written' satisfies Reason };
}

function setDeployments(deployments: readonly { conclusion: string | null }[]): void {
  commands.setOutput('deployments', deployments);
  // What the outputs can't say any more, the file still can.
  const isWritten = commands.outputProblem() === null;
  const inFile = isWritten ? deployments : deployments.map(withoutOutputs);
  commands.setOutput('deployments_file', commands.writeJsonFile('deployments.json', inFile));
}

/** All outputs of one application; what is not known is null. */
function outputsOf(known: Partial<Known>) {
  const { target, deployment, durationMs, rollback, live } = known;
  const back = rollback?.attempt.deployment ?? known.rollbackDeployment;
  const { application = null, applicationId = null } = target ?? {};
  return {
    id: deployment?.id ?? null,
    ...revision('', deployment),
    status: deployment?.status ?? null,
    application_id: applicationId,
    application_name: application?.name ?? null,
    strategy: deployment?.strategy ?? application?.deployment_strategy ?? null,
    triggered: known.triggered ?? false,
    timed_out: known.timedOut ?? false,
    duration_seconds:
      typeof durationMs === 'number' ? Number((durationMs / 1_000).toFixed(1)) : null,
    url: known.url ?? null,
    healthy: known.healthy ?? null,
    ...revision('previous_', known.previous),
    rolled_back: rollback ? rollback.conclusion.kind === 'success' : null,
    rollback_deploy_number: back?.deploy_number ?? null,
    image_digest: target?.verified?.digest ?? null,
    ...revision('live_', live?.kind === 'listed' ? live.deployment : null),
    ...endOf(known.conclusion),
  };
}

function revision(prefix: string, deployment: Deployment | null | undefined) {
  return {
    [`${prefix}deploy_number`]: deployment?.deploy_number ?? null,
    [`${prefix}git_sha`]: deployment?.git_sha ?? null,
    [`${prefix}image_reference`]: deployment?.image_reference ?? null,
  };
}

/** How it ended; null while it goes on. */
function endOf(conclusion: Known['conclusion']) {
  const { kind = null, reason = null } = conclusion ?? {};
  const error = hasFailed(conclusion) && { error: String(joined(conclusion.lines, ' ')) };
  return { conclusion: kind, reason, ...error };
}

function hasFailed(conclusion: Known['conclusion']): conclusion is Failure {
  return conclusion !== undefined && conclusion.kind !== 'success';
}
