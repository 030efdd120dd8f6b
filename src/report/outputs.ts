import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { Target } from '../deploy/preflight.ts';
import type { Deployment } from '../nodion/responses.ts';
import * as commands from '../runner/commands.ts';

/** What the outputs of one application are made of; what is not known yet is left out. */
type Known = Pick<DeploymentRun, 'target'> & Partial<DeploymentRun>;

/** The outputs that hold until more is known. */
export function setInitialOutputs(): void {
  commands.setOutput('triggered', false);
  commands.setOutput('timed_out', false);
}

/** The outputs of a step that its `timeout` ended before the applications were known. */
export function setTimedOut(): void {
  commands.setOutput('timed_out', true);
}

/** The outputs of the first application by their names, and `deployments` with those of all. */
export function setOutputs(all: readonly Known[]): void {
  if (all[0]) setSingleOutputs(all[0]);
  commands.setOutput(
    'deployments',
    all.map((known) => {
      const { conclusion } = known;
      const hasFailed = conclusion && conclusion.kind !== 'success';
      return { ...outputsOf(known), ...(hasFailed && { error: conclusion.problem }) };
    }),
  );
}

/** The outputs of the first application's deployment, as soon as it is known. */
export function setDeploymentOutputs(
  target: Target,
  known: { deployment: Deployment; triggered: boolean },
): void {
  setSingleOutputs({ target, ...known });
}

function setSingleOutputs(known: Known): void {
  for (const [name, value] of Object.entries(outputsOf(known))) commands.setOutput(name, value);
}

function outputsOf({ target, deployment, triggered, durationMs, conclusion }: Known) {
  return {
    id: deployment?.id ?? null,
    deploy_number: deployment?.deploy_number ?? null,
    status: deployment?.status ?? null,
    application_id: target.applicationId,
    application_name: target.application?.name ?? null,
    git_sha: deployment?.git_sha ?? null,
    image_reference: deployment?.image_reference ?? null,
    strategy: deployment?.strategy ?? target.application?.deployment_strategy ?? null,
    triggered: triggered ?? false,
    timed_out: conclusion?.kind === 'timed_out',
    duration_seconds:
      typeof durationMs === 'number' ? Number((durationMs / 1_000).toFixed(1)) : null,
  };
}
