import { connect } from '../connect.ts';
import { createApplication } from '../create-application.ts';
import { readCreateApplicationInputs } from '../inputs.ts';
import { describeHiccup } from '../retry.ts';
import { runAction, type Step } from '../run-action.ts';
import * as runner from '../runner.ts';

await runAction(ensureApplication);

async function ensureApplication({ signal, startTimeout }: Step): Promise<void> {
  const { api_key, project_id, api_url, timeout, ...parameters } = readCreateApplicationInputs();
  startTimeout(timeout);
  const client = await connect({ api_key, project_id, api_url });
  const { name, region_id, deployment_strategy } = parameters;
  const given = Object.entries(parameters).filter(([, value]) => value !== null);
  const { application, created } = await createApplication({
    client,
    wanted: { ...Object.fromEntries(given), name, region_id, deployment_strategy },
    signal,
    onHiccup: (hiccup) => runner.info(describeHiccup(hiccup)),
    onProgress: runner.info,
  });
  runner.setOutput('id', application.id);
  runner.setOutput('name', application.name);
  runner.setOutput('created', created);
  runner.setOutput('application', application.raw);
  runner.notice(
    created ? 'Application created' : 'Application exists',
    `${application.name} (${application.id})`,
  );
}
