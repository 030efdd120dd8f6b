import { stringify } from 'yaml';
import { realClock } from '../fakes/clock.ts';
import { PROJECT_KEY } from '../fakes/nodion/state.ts';
import { readActionMetadata, runStep } from '../fakes/runner.ts';
import { onStage } from '../fakes/stage.ts';
import { ACTIONS } from './readme.ts';
import { annotationLine, outputLine, summaryAsText, wrap } from './render-step.ts';

/**
 * `npm start`: runs the committed bundle as GitHub's runner would, against a Nodion on this machine;
 * with NODION_API_KEY in the environment, against the real one, with the inputs given as arguments, behind
 * the name of the action where that is not the deploy action.
 */

const RULE = '─'.repeat(72);

// Ctrl-C reaches the step as well: what that says of its end is still shown, and no other step starts.
let isInterrupted = false;
process.on('SIGINT', () => {
  isInterrupted = true;
});

/** Runs a step and prints what users see of it; resolves to whether it was green. */
async function show(title: string, inputs: Record<string, string>, action = '.'): Promise<boolean> {
  if (isInterrupted) return false;
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
  return run.exitCode === 0;
}

async function demonstrate(): Promise<void> {
  console.log('The deploy action, as GitHub runs it, against a Nodion on this machine: no');
  console.log('account, no network.');
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
    const proxy = nodion.addApplication({
      name: 'proxy',
      deployment_strategy: 'prebuilt_image',
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
    const registry = await serveRegistry();
    const common = { api_key: PROJECT_KEY, api_url: nodion.url, poll_interval: '1s' };
    const areGreen = [
      await show("1. A Git-based application: its branch's latest commit is built and deployed", {
        ...common,
        application_id: shop.id,
        expected_sha: 'ffac537e6cbbf934b08745a378932722df287a53',
      }),
    ];
    // The build takes a moment longer than the step's start.
    registry.push('acme/proxy', '1.27', { afterMs: 3_000 });
    areGreen.push(
      await show('2. A pre-built image application: deployed as soon as its tag is there', {
        ...common,
        application_name: 'proxy',
        image_tag: '1.27',
        verify_image: 'true',
        registry: registry.host,
      }),
    );
    const isBadGreen = await show('3. A version that is not healthy: the one before it is back', {
      ...common,
      application_name: 'api',
      image_tag: 'v2',
      health_url: `${server.url}/up`,
      health_timeout: '3s',
      rollback: 'true',
    });
    if (isBadGreen || areGreen.includes(false)) process.exitCode = 1;
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
  const where = given.api_url ?? readActionMetadata('.').inputs.api_url?.default;
  console.log(`NODION_API_KEY is set: this is for real, at ${where}`);
  const isGreen = await show('For real', { api_key: NODION_API_KEY, ...given }, action);
  if (!isGreen) process.exitCode = 1;
} else if (Object.keys(given).length > 0) {
  console.error('To deploy for real, set NODION_API_KEY in the environment.');
  process.exitCode = 1;
} else {
  await demonstrate();
}
