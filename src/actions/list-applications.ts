import { readListApplicationsInputs } from '../applications/inputs.ts';
import { matchesGlob } from '../applications/matches-glob.ts';
import { describeRetry, retryRead } from '../http/retry.ts';
import { createTransport } from '../http/transport.ts';
import { connect } from '../nodion/connect.ts';
import type { Application } from '../nodion/responses.ts';
import * as commands from '../runner/commands.ts';
import { runAction, type Step } from '../runner/run-action.ts';
import { sentence } from '../runner/sentence.ts';

/** The action of `list-applications/action.yml`. */
export const listApplications = () => runAction(list);

async function list({ signal, startTimeout }: Step): Promise<void> {
  const inputs = await readListApplicationsInputs();
  startTimeout(inputs.timeout);
  const client = connect(
    {
      apiKey: inputs.api_key,
      projectId: inputs.project_id,
      apiUrl: inputs.api_url,
    },
    createTransport(),
  );
  const all = await retryRead(() => client.applications({ signal }), {
    signal,
    onRetry: (retry) => commands.info(describeRetry(retry)),
  });
  const filters: readonly ((application: Application) => boolean)[] = [
    ({ name }) => inputs.name?.some((glob) => matchesGlob(name, glob)) ?? true,
    ({ region }) => inputs.region === null || region.slug === inputs.region,
    ({ deployment_strategy }) =>
      inputs.deployment_strategy === null || deployment_strategy === inputs.deployment_strategy,
    ({ status }) => inputs.status === null || status === inputs.status,
  ];
  const found = all.filter((application) => filters.every((filter) => filter(application)));

  commands.setOutput(
    'applications',
    found.map(({ raw }) => raw),
  );
  commands.setOutput(
    'ids',
    found.map(({ id }) => id),
  );
  commands.setOutput('count', found.length);
  commands.setOutput('matrix', { include: found.map(toMatrixEntry) });
  if (found.length === 0) {
    commands.warning('No applications found', [
      all.length === 0
        ? sentence`The project has no applications (for a user API key, check \`project_id\`).`
        : sentence`No application matches the filters, of ${all.length} in the project.`,
    ]);
    return;
  }
  commands.group(
    sentence`${found.length} of ${all.length} applications`,
    found.map(
      ({ id, name, status }) => sentence`${name} (${status ?? sentence`no status`}, ${id})`,
    ),
  );
}

function toMatrixEntry({ id, name, region, deployment_strategy, status }: Application) {
  return { id, name, region: region.slug, deployment_strategy, status };
}
