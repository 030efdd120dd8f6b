import type { Attempt } from '../deploy/attempt/attempt.ts';
import { type DeploymentRun, isTriggered } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight.ts';
import * as commands from '../runner/commands.ts';
import { joined } from '../runner/sentence.ts';

/** What the outputs of one application are made of; what is not known yet is left out. */
type Known = Pick<DeploymentRun, 'target'> & Partial<DeploymentRun>;

/**
 * The outputs that hold until the applications are known: `deployments` has an object for each ID or name.
 * @param end why the step ends already; left out while it goes on.
 */
export function setInitialOutputs(
  { applications }: DeployPlan,
  end?: { error: string; timedOut: boolean },
): void {
  const unknown = { triggered: false, timed_out: end?.timedOut ?? false };
  commands.setOutput('triggered', unknown.triggered);
  commands.setOutput('timed_out', unknown.timed_out);
  const asked =
    applications.by === 'id'
      ? applications.ids.map((id) => ({ application_id: id, application_name: null }))
      : applications.names.map((name) => ({ application_id: null, application_name: name }));
  commands.setOutput(
    'deployments',
    asked.map((application) => ({
      ...NOTHING,
      ...application,
      ...unknown,
      ...(end && { error: end.error }),
    })),
  );
}

/** The outputs of the first application by their names, and `deployments` with those of all. */
export function setOutputs(all: readonly Known[]): void {
  if (all[0]) setSingleOutputs(all[0]);
  commands.setOutput(
    'deployments',
    all.map((known) => {
      const { conclusion } = known;
      const hasFailed = conclusion && conclusion.kind !== 'success';
      return {
        ...outputsOf(known),
        ...(hasFailed && { error: String(joined(conclusion.lines, ' ')) }),
      };
    }),
  );
}

/** The outputs of the first application's deployment, as soon as it is known. */
export function setAttemptOutputs(target: Target, { deployment, origin }: Attempt): void {
  setSingleOutputs({ target, deployment, triggered: isTriggered(origin) });
}

function setSingleOutputs(known: Known): void {
  for (const [name, value] of Object.entries(outputsOf(known))) commands.setOutput(name, value);
}

/** The outputs of one application about which nothing is known. */
const NOTHING = {
  id: null,
  deploy_number: null,
  status: null,
  application_id: null,
  application_name: null,
  git_sha: null,
  image_reference: null,
  strategy: null,
  triggered: false,
  timed_out: false,
  duration_seconds: null,
  url: null,
  healthy: null,
  previous_deploy_number: null,
  previous_git_sha: null,
  previous_image_reference: null,
  rolled_back: null,
  rollback_deploy_number: null,
};

function outputsOf(known: Known) {
  const { target, deployment, durationMs, previous, rollback } = known;
  return {
    ...NOTHING,
    ...(deployment && {
      id: deployment.id,
      deploy_number: deployment.deploy_number,
      status: deployment.status,
      git_sha: deployment.git_sha,
      image_reference: deployment.image_reference,
    }),
    application_id: target.applicationId,
    application_name: target.application?.name ?? null,
    strategy: deployment?.strategy ?? target.application?.deployment_strategy ?? null,
    triggered: known.triggered ?? false,
    timed_out: known.timedOut ?? false,
    duration_seconds:
      typeof durationMs === 'number' ? Number((durationMs / 1_000).toFixed(1)) : null,
    url: known.url ?? null,
    healthy: known.healthy ?? null,
    ...(previous && {
      previous_deploy_number: previous.deploy_number,
      previous_git_sha: previous.git_sha,
      previous_image_reference: previous.image_reference,
    }),
    ...(rollback && {
      rolled_back: rollback.conclusion.kind === 'success',
      rollback_deploy_number: rollback.attempt.deployment?.deploy_number ?? null,
    }),
  };
}
