import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { life, scenario } from '../scenario.ts';
import { addShop } from '../shop.ts';

const failing = life(['created', 0], ['failed', 600]);

function logLines(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    ts: new Date(Date.UTC(2100, 0, 1, 23, 59, 58) + index * 100).toISOString(),
    msg: `  line ${index + 1}`,
    instance_id: 'i',
  }));
}

scenario(
  'The summary’s log says how much of it is shown, by times of day in UTC',
  async (stage) => {
    const { nodion, deploy } = stage;
    const { summary } = await deploy(nodion.addApplication({ ...failing, logs: logLines(60) }));
    const [, title = '', log = ''] =
      /<details open><summary>(.*)<\/summary>\n<pre>(.*)<\/pre>/s.exec(summary) ?? [];
    expect(title).toBe(
      'Last 15 of 50 log lines of the online instances of <code>My App</code> since the trigger, perhaps of the version before &#40;UTC&#41;',
    );
    const lines = log.split('\n');
    expect(lines).toHaveLength(15);
    expect(lines[0]).toBe('00:00:02.5    line 46');
    expect(lines.at(-1)).toBe('00:00:03.9    line 60');
  },
);

scenario('Of many failures three logs are shown, folded', async ({ nodion, deploy }) => {
  const applications = Array.from({ length: 5 }, (_, index) =>
    nodion.addApplication({ name: `web ${index}`, ...failing, logs: logLines(2) }),
  );
  const { summary } = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join() },
  });
  expect(summary).not.toContain('<details open>');
  expect(summary.match(/<summary>Last 2 log lines of /g)).toHaveLength(3);
  expect(summary).toContain("<p>The log lines of 2 more are in the step's log.</p>");
  expect(summary.match(/Deployment &#35;&#8203;1 failed/g)).toHaveLength(5);
});

scenario('A refusal has no table of what is not there', async ({ nodion, deploy }) => {
  const refusal = answer(422, { errors: ['Branch is gone'] })(false);
  nodion.fail({ on: 'POST /applications/:id/deployments', fault: refusal });
  const { summary } = await deploy(nodion.addApplication({ name: 'shop' }));
  expect(renderSummary(summary).elements.map(({ name }) => name)).not.toContain('table');
  expect(summary).not.toContain('–');
});

scenario('A rollback that failed is louder than one that did not', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200));
  nodion.beforeRecording = (application) => {
    if (nodion.triggered.length === 1) Object.assign(application, failing);
  };
  const { summary } = await deploy(shop.application, {
    inputs: { ...shop.inputs, rollback: 'true' },
  });
  const { text } = renderSummary(summary);
  expect(text.replaceAll('\u200b', '').split('\n').slice(0, 2)).toEqual([
    '🚨 shop: v2 was not healthy, and the rollback to v1 failed',
    '#2 (v2) is still live.',
  ]);
});

scenario('What several applications have in common is said once', async ({ nodion, deploy }) => {
  const image = { deployment_strategy: 'prebuilt_image', ...life(['available', 0]) };
  const applications = ['a', 'b'].map((name) => nodion.addApplication({ ...image, name }));
  for (const application of applications) {
    nodion.addDeployment(application, { status: 'available', image_tag: 'v1' });
  }
  const application_id = applications.map(({ id }) => id).join();
  const same = await deploy(null, { inputs: { application_id, image_tag: 'v2' } });
  const [first] = applications;
  if (first) nodion.addDeployment(first, { status: 'available', image_tag: 'v2.1' });
  const other = await deploy(null, { inputs: { application_id, image_tag: 'v3' } });
  expect(same.summary.match(/→/g)).toHaveLength(1);
  expect(same.summary).not.toContain('>Version<');
  expect(other.summary.match(/→/g)).toHaveLength(2);
  expect(other.summary).toContain('>Version<');
});

scenario('A list has a summary', async ({ nodion, run }) => {
  for (const name of ['shop-eu', 'shop-us', 'docs']) nodion.addApplication({ name });
  const listed = await run({ action: 'list-applications', inputs: { name: 'shop-*' } });
  const { text } = renderSummary(listed.summary);
  expect(text).toContain('✅ 2 of 3 applications listed');
  expect(text).toContain('shop-eu');
  expect(text).not.toContain('docs');
  for (const [allow_empty, symbol] of Object.entries({ true: '⚠️', false: '❌' })) {
    const inputs = { name: 'nothing', allow_empty };
    const none = await run({ action: 'list-applications', inputs });
    expect(none.summary).toContain(`<h3>${symbol} No applications found</h3>\n<p>`);
  }
  const refused = await run({ action: 'list-applications', inputs: { api_key: 'wrong-key' } });
  expect(refused.summary).toMatch(/^<h3>❌ /);
});

scenario('A creation has a summary', async ({ nodion, run }) => {
  const inputs = {
    ...{ name: 'shop', region_id: '428d037e-9ba6-4dab-92bd-8d816c523126' },
    ...{ instance_type_id: 'ccdcd297-702b-4f51-ad21-7ca481c08920', integration_id: 'i' },
    ...{ repository_id: 'r', branch_id: 'b' },
  };
  const create = () => run({ action: 'create-application', inputs });
  expect((await create()).summary).toMatch(
    /^<h3>✅ Application <code>shop<\/code> was created<\/h3>\n<table>/,
  );
  expect((await create()).summary).toMatch(
    /^<h3>✅ Application <code>shop<\/code> exists already: nothing was created<\/h3>/,
  );
  nodion.fail({ on: 'GET /applications', fault: answer(403)(false) });
  expect((await create()).summary).toMatch(/^<h3>❌ Request to Nodion failed<\/h3>\n<p>.*403/);
  const invalid = await run({ action: 'create-application', inputs: { name: 'shop' } });
  expect(invalid.summary).toBe('');
});
