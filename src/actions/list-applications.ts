import { connect } from '../connect.ts';
import { readListApplicationsInputs } from '../inputs.ts';
import type { Application } from '../nodion-client.ts';
import { describeHiccup, retryRead } from '../retry.ts';
import { runAction, type Step } from '../run-action.ts';
import * as runner from '../runner.ts';

await runAction(listApplications);

async function listApplications({ signal, startTimeout }: Step): Promise<void> {
  const inputs = readListApplicationsInputs();
  startTimeout(inputs.timeout);
  const client = await connect(inputs);
  const all = await retryRead(() => client.listApplications(signal), {
    signal,
    onHiccup: (hiccup) => runner.info(describeHiccup(hiccup)),
  });
  const filters: readonly ((application: Application) => boolean)[] = [
    ({ name }) => inputs.name?.some((glob) => matchesGlob(name, glob)) ?? true,
    ({ region }) => inputs.region === null || region.slug === inputs.region,
    ({ deployment_strategy }) =>
      inputs.deployment_strategy === null || deployment_strategy === inputs.deployment_strategy,
    ({ status }) => inputs.status === null || status === inputs.status,
  ];
  const found = all.filter((application) => filters.every((filter) => filter(application)));

  runner.setOutput(
    'applications',
    found.map(({ raw }) => raw),
  );
  runner.setOutput(
    'ids',
    found.map(({ id }) => id),
  );
  runner.setOutput('count', found.length);
  runner.setOutput('matrix', { include: found.map(toMatrixEntry) });
  if (found.length === 0) {
    runner.warning(
      'No applications found',
      `None of ${all.length} applications matches the filters`,
    );
    return;
  }
  runner.group(
    `${found.length} of ${all.length} applications`,
    found.map(({ id, name, status }) => `${name} (${status ?? 'no status'}, ${id})`),
  );
}

/**
 * `*` stands for any text, `?` for one character, everything else for itself. Goes back to the last `*`
 * only, so its time is at most name × glob; a regular expression's would grow with every `*`.
 */
function matchesGlob(name: string, glob: string): boolean {
  const characters = [...name];
  const pattern = [...glob];
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let afterStar = 0;
  while (at < characters.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern;
      afterStar = at;
      inPattern += 1;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === characters[at]) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      afterStar += 1;
      at = afterStar;
      inPattern = star + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(inPattern).every((character) => character === '*');
}

function toMatrixEntry({ id, name, region, deployment_strategy, status }: Application) {
  return { id, name, region: region.slug, deployment_strategy, status };
}
