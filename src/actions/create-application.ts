import { ensureApplication } from '../applications/ensure-application.ts';
import { readCreateApplicationInputs } from '../applications/inputs.ts';
import { describeRetry } from '../http/retry.ts';
import { createTransport } from '../http/transport.ts';
import { connect } from '../nodion/connect.ts';
import { ensuredSummary } from '../report/summary/application-summaries.ts';
import { withFailureSummary, writeSummary } from '../report/summary/write-summary.ts';
import * as commands from '../runner/commands.ts';
import { runAction, type Step } from '../runner/run-action.ts';
import { sentence } from '../runner/sentence.ts';

/** The action of `create-application/action.yml`. */
export const createApplication = () => runAction(create);

async function create(step: Step): Promise<void> {
  const inputs = await readCreateApplicationInputs();
  step.startTimeout(inputs.timeout);
  await withFailureSummary(() => ensure(inputs, step));
}

async function ensure(
  inputs: Awaited<ReturnType<typeof readCreateApplicationInputs>>,
  { signal }: Step,
): Promise<void> {
  const { api_key, project_id, api_url, timeout: _, ...wanted } = inputs;
  const client = await connect(
    { apiKey: api_key, projectId: project_id, apiUrl: api_url },
    createTransport(),
  );
  const { application, created, warnings } = await ensureApplication({
    client,
    wanted,
    signal,
    onRetry: (retry) => commands.info(describeRetry(retry)),
    onProgress: commands.info,
  });
  for (const warning of warnings) commands.warning('Check the name', [warning]);
  commands.setOutput('id', application.id);
  commands.setOutput('name', application.name);
  commands.setOutput('created', created);
  commands.setOutput('application', application.raw);
  writeSummary(ensuredSummary(application, { created, warnings }));
  commands.notice(created ? 'Application created' : 'Application exists', [
    created
      ? sentence`Created application ${application.name} (${application.id}).`
      : sentence`Application ${application.name} exists already (${application.id}): nothing was created.`,
  ]);
}
