import { readListApplicationsInputs } from '../applications/inputs.ts';
import { matchesGlob } from '../applications/matches-glob.ts';
import type { Filters } from '../applications/none-found.ts';
import { describeRetry, retryRead } from '../http/retry.ts';
import { createTransport } from '../http/transport.ts';
import { connect } from '../nodion/connect.ts';
import type { Application } from '../nodion/responses.ts';
import { listSummary } from '../report/summary/application-summaries.ts';
import {
  withFailureSummary,
  writeShortSummary,
  writeSummary,
} from '../report/summary/write-summary.ts';
import * as commands from '../runner/commands.ts';
import { runAction, type Step } from '../runner/run-action.ts';
import { ours, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';

/** GitHub runs no matrix of more jobs. */
const LARGEST_MATRIX = 256;

/** The action of `list-applications/action.yml`. */
export const listApplications = () => runAction(list);

async function list(step: Step): Promise<void> {
  const inputs = await readListApplicationsInputs();
  step.startTimeout(inputs.timeout);
  await withFailureSummary(() => listMatching(inputs, step));
}

async function listMatching(
  inputs: Awaited<ReturnType<typeof readListApplicationsInputs>>,
  { signal }: Step,
): Promise<void> {
  const client = await connect(
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
    ({ name }) => inputs.name?.some((glob) => isNamed(name, glob)) ?? true,
    ({ region }) => inputs.region === null || region.slug === inputs.region,
    ({ deployment_strategy }) =>
      inputs.deployment_strategy === null || deployment_strategy === inputs.deployment_strategy,
    ({ status }) => inputs.status === null || status === inputs.status,
  ];
  const found = all.filter((application) => filters.every((filter) => filter(application)));

  // Forgejo drops what is above 64 KiB, and all that comes after it.
  commands.setOutput('count', found.length);
  commands.setOutput(
    'ids',
    found.map(({ id }) => id),
  );
  commands.setOutput('matrix', { include: found.map(toMatrixEntry) });
  commands.setOutput(
    'applications',
    found.map(({ raw }) => raw),
  );
  if (found.length === 0) return await endWithNone(inputs, all);
  writeSummary(listSummary(found, all.length));
  commands.group(
    sentence`${found.length} of ${all.length} ${ours(all.length === 1 ? 'application' : 'applications')}`,
    found.map(
      ({ id, name, status }) => sentence`${name} (${status ?? sentence`no status`}, ${id})`,
    ),
  );
  if (found.length > LARGEST_MATRIX) {
    commands.warning('Too many for a matrix', [
      sentence`${found.length} applications are more than the ${LARGEST_MATRIX} jobs that GitHub allows in a matrix: narrow the filters, or split \`ids\`.`,
    ]);
  }
}

/** A matrix of nothing would be a green run that deployed nothing. */
async function endWithNone(
  inputs: Filters & { allow_empty: boolean },
  all: readonly Application[],
): Promise<void> {
  const { describeNoneFound } = await import('../applications/none-found.ts');
  const lines = describeNoneFound(inputs, all);
  if (inputs.allow_empty) {
    writeShortSummary({ symbol: '⚠️', title: NONE_FOUND, lines });
    return commands.warning(NONE_FOUND, lines);
  }
  const advice = sentence`Where that is no mistake, set \`allow_empty: true\`.`;
  throw new StepFailure(NONE_FOUND, [...lines, advice]);
}

const NONE_FOUND = 'No applications found';

/** Also where the two write the same letters in another normal form. */
function isNamed(name: string, glob: string): boolean {
  return matchesGlob(name, glob) || matchesGlob(name.normalize('NFC'), glob.normalize('NFC'));
}

function toMatrixEntry({ id, name, region, deployment_strategy, status }: Application) {
  return { id, name, region: region.slug, deployment_strategy, status };
}
