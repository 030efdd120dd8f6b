import type { Result } from './deploy-application.ts';
import * as runner from './runner.ts';
import type { Judged, Verdict } from './verdict.ts';

/** The outputs of the first application by their names, and `deployments` with those of all. */
export function setOutputs(results: readonly Result[], judged: readonly Judged[] = []): void {
  const [first] = results;
  const verdictOf = (result: Result) => judged.find((one) => one.result === result)?.verdict;
  if (first) setFirstOutputs(first, verdictOf(first));
  runner.setOutput(
    'deployments',
    results.map((result) => {
      const verdict = verdictOf(result);
      return { ...outputsOf(result, verdict), ...(verdict?.problem && { error: verdict.problem }) };
    }),
  );
}

export function setFirstOutputs(result: Result, verdict?: Verdict): void {
  for (const [name, value] of Object.entries(outputsOf(result, verdict))) {
    runner.setOutput(name, value);
  }
}

function outputsOf(result: Result, verdict?: Verdict) {
  const { target, deployment, triggered, startedAt, endedAt } = result;
  const durationMs = startedAt !== null && endedAt !== null ? endedAt - startedAt : null;
  return {
    id: deployment?.id ?? null,
    deploy_number: deployment?.deploy_number ?? null,
    status: deployment?.status ?? null,
    application_id: target.applicationId,
    application_name: target.application?.name ?? null,
    git_sha: deployment?.git_sha ?? null,
    image_reference: deployment?.image_reference ?? null,
    strategy: deployment?.strategy ?? target.application?.deployment_strategy ?? null,
    triggered,
    timed_out: verdict?.kind === 'timed-out',
    duration_seconds: durationMs === null ? null : Number((durationMs / 1_000).toFixed(1)),
  };
}
