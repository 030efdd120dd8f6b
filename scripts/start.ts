import { stringify } from 'yaml';
import { realClock } from '../fakes/clock.ts';
import { PROJECT_KEY } from '../fakes/nodion/state.ts';
import { readActionMetadata, runStep, type StepRun } from '../fakes/runner.ts';
import { onStage } from '../fakes/stage.ts';
import { isLoopback } from '../src/http/loopback.ts';
import { ACTIONS } from './readme.ts';
import { annotationLine, outputLine, summaryAsText, wrap } from './render-step.ts';

/**
 * `npm start`: runs the committed bundle as GitHub's runner would, against a fake Nodion of its own; with
 * NODION_API_KEY in the environment, against the one at `api_url`, with the inputs given as arguments, after
 * the name of the action where that is not the deploy action.
 */

const RULE = '─'.repeat(72);

// Ctrl-C reaches the step as well: what that says of its end is still shown, and no other step starts.
let isInterrupted = false;
process.on('SIGINT', () => {
  isInterrupted = true;
});

/** Runs a step and prints what users see of it; resolves to its output `reason`, '' for none. */
async function show(title: string, inputs: Record<string, string>): Promise<string> {
  if (isInterrupted) return '';
  const { outputs } = await showStep(title, inputs);
  return outputs.reason ?? '';
}

async function showStep(
  title: string,
  inputs: Record<string, string>,
  action = '.',
): Promise<StepRun> {
  console.log(`\n${RULE}\n${title}\n${RULE}`);
  const path = action === '.' ? '' : `/${action}`;
  console.log(`\n  - uses: OWNER/nodion-deploy${path}@v1\n    with:`);
  for (const [name, value] of Object.entries(inputs)) {
    const shown = name === 'api_key' ? `\${{ secrets.NODION_API_KEY }}` : stringify(value).trim();
    console.log(`      ${name}: ${shown}`);
  }
  console.log('\nLog');
  let pending = '';
  const run = await runStep({
    action,
    inputs,
    onLog: (text) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) {
        const shown = annotationLine(line);
        if (shown !== null) console.log(wrap(shown));
      }
    },
  });
  console.log('\nOutputs');
  const outputs = Object.entries(run.outputs);
  for (const [name, value] of outputs) if (value !== '') console.log(outputLine(name, value));
  const empty = outputs.filter(([, value]) => value === '').map(([name]) => name);
  if (empty.length > 0) console.log(wrap(`empty: ${empty.join(', ')}`));
  console.log('\nJob summary');
  console.log(wrap(summaryAsText(run.summary)) || '  none');
  console.log(
    `\nThe step ${run.exitCode === 0 ? 'succeeded' : `failed (exit code ${run.exitCode})`}.`,
  );
  return run;
}

async function demonstrate(): Promise<void> {
  console.log('The deploy action, as GitHub runs it, against a fake Nodion on this machine:');
  console.log('three deployments, the last of which is meant to fail.');
  console.log('To deploy for real: NODION_API_KEY=… npm start -- application_id=…');
  await onStage(realClock, async ({ nodion, serve, serveRegistry }) => {
    const shop = nodion.addApplication({
      name: 'shop',
      head: {
        git_sha: 'ffac537e6cbbf934b08745a378932722df287a53',
        commit_message: 'Show prices with VAT',
        committer_name: 'Ada Lovelace',
      },
      life: [
        { status: 'created', afterMs: 0 },
        { status: 'waiting', afterMs: 1_500 },
        { status: 'available', afterMs: 6_000 },
      ],
    });
    const registry = await serveRegistry();
    const container_registry_id = '11111111-6c1e-4b7a-9a57-0f6f2f1d2c3b';
    nodion.catalogue.addContainerRegistry(container_registry_id, registry.host);
    const proxy = nodion.addApplication({
      name: 'proxy',
      deployment_strategy: 'prebuilt_image',
      container_registry_id,
      image_name: 'acme/proxy',
      life: [
        { status: 'created', afterMs: 0 },
        { status: 'waiting', afterMs: 800 },
        { status: 'available', afterMs: 3_000 },
      ],
    });
    const api = nodion.addApplication({
      name: 'api',
      deployment_strategy: 'prebuilt_image',
      image_name: 'api',
      life: [
        { status: 'created', afterMs: 0 },
        { status: 'available', afterMs: 800 },
      ],
    });
    nodion.addDeployment(shop, {
      status: 'available',
      git_sha: 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e',
      commit_message: 'Show prices without VAT',
    });
    nodion.addDeployment(proxy, { status: 'available' });
    nodion.addDeployment(api, { status: 'available', image_tag: 'v1' });
    const server = await serve(() =>
      nodion.liveDeployment(api)?.image_reference === 'docker.io/api:v2' ? 503 : 200,
    );
    const common = { api_key: PROJECT_KEY, api_url: nodion.url, poll_interval: '1s' };
    const reasons = [
      await show("1. A Git-based application: its branch's latest commit is built and deployed", {
        ...common,
        application_id: shop.id,
        expected_sha: 'ffac537e6cbbf934b08745a378932722df287a53',
      }),
    ];
    // The build takes a moment longer than the step's start.
    registry.push('acme/proxy', '1.27', { afterMs: 3_000 });
    reasons.push(
      await show('2. A pre-built image application: deployed as soon as its tag is there', {
        ...common,
        application_name: 'proxy',
        image_tag: '1.27',
        verify_image: 'true',
      }),
    );
    reasons.push(
      await show('3. Meant to fail: a bad version is rolled back to the one before it', {
        ...common,
        application_name: 'api',
        image_tag: 'v2',
        health_url: `${server.url}/up`,
        health_timeout: '3s',
        rollback: 'true',
      }),
    );
    const isAsMeant = String(reasons) === 'live,live,rolled_back';
    if (!isAsMeant) process.exitCode = 1;
    console.log(`\n${RULE}`);
    if (isInterrupted) console.log('Interrupted: not all three were shown.');
    else if (isAsMeant)
      console.log('All three ended as they should: 1 and 2 are live, 3 was rolled back.');
    else console.log(`Not as they should: they ended as ${reasons.join(', ')}.`);
  });
}

/** The inputs given as `name=value` arguments. */
function givenInputs(action: string, values: readonly string[]): Record<string, string> {
  const known = Object.keys(readActionMetadata(action).inputs);
  return Object.fromEntries(
    values.map((argument) => {
      const [name = '', ...value] = argument.split('=');
      if (!known.includes(name) || value.length === 0) {
        console.error(`${argument}: not an input; give NAME=VALUE with one of ${known.join(', ')}`);
        process.exit(1);
      }
      return [name, value.join('=')];
    }),
  );
}

const { NODION_API_KEY } = process.env;
const [first = ''] = process.argv.slice(2);
const action = ACTIONS.includes(first) ? first : '.';
const given = givenInputs(action, process.argv.slice(action === '.' ? 2 : 3));
if (NODION_API_KEY) {
  const url = given.api_url ?? readActionMetadata(action).inputs.api_url?.default ?? '';
  const isHere = URL.canParse(url) && isLoopback(new URL(url).hostname);
  const title = isHere ? `Against ${url}` : `For real, at ${url}: NODION_API_KEY is set`;
  const { exitCode } = await showStep(title, { api_key: NODION_API_KEY, ...given }, action);
  if (exitCode !== 0) process.exitCode = 1;
} else if (process.argv.length > 2) {
  console.error(
    'Set NODION_API_KEY in the environment: your own key, or the one of the fake, which',
  );
  console.error('`npm run fake` prints. Without arguments, `npm start` needs none.');
  process.exitCode = 1;
} else {
  await demonstrate();
}
