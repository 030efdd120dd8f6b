import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const CREATE: Endpoint = 'POST /applications';
const common = {
  name: 'shop',
  region_id: '428d037e-9ba6-4dab-92bd-8d816c523126',
  instance_type_id: 'ccdcd297-702b-4f51-ad21-7ca481c08920',
};
const git = { ...common, integration_id: 'i-1', repository_id: '4711', branch_id: 'b-1' };
const image = {
  ...common,
  deployment_strategy: 'prebuilt_image',
  container_registry_id: 'r-1',
  image_name: 'nginx',
};
const create = ({ run }: Stage, inputs: Record<string, string>) =>
  run({ action: 'create-application', inputs });

for (const createAnswer of ['application', 'id', 'empty'] as const) {
  scenario(`An application is created once when the answer is: ${createAnswer}`, async (stage) => {
    const { nodion } = stage;
    nodion.createAnswer = createAnswer;
    const run = await create(stage, { ...git, instance_amount: '2' });
    expect(run.exitCode).toBe(0);
    const [application, ...more] = nodion.applications;
    expect(more).toEqual([]);
    expect(run.outputs).toMatchObject({ id: application?.id, name: 'shop', created: 'true' });
    expect(JSON.parse(run.outputs.application ?? '')).toMatchObject({ instance_amount: 2 });
    expect(JSON.parse(nodion.requestsTo(CREATE)[0]?.body ?? '')).toEqual({
      ...git,
      instance_amount: 2,
      deployment_strategy: 'dockerfile',
    });
  });
}

scenario('An image application is created with its image and tag', async (stage) => {
  const run = await create(stage, { ...image, image_tag: 'v1' });
  expect(run.exitCode).toBe(0);
  expect(stage.nodion.applications[0]).toMatchObject({ image_name: 'nginx', image_tag: 'v1' });
});

scenario('An application that exists is taken, and none created', async (stage) => {
  const { nodion } = stage;
  const application = nodion.addApplication({ name: 'shop' });
  const run = await create(stage, git);
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ id: application.id, created: 'false' });
  expect(nodion.requestsTo(CREATE)).toEqual([]);
});

scenario('An application that exists, but differs, is red with how it differs', async (stage) => {
  const region = { id: 'elsewhere', name: 'Elsewhere', slug: 'els' };
  const { id } = stage.nodion.addApplication({ name: 'shop', region });
  const run = await create(stage, image);
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    `An application called "shop" exists (${id}), but differs.\nThe application's \`deployment_strategy\` is dockerfile, not prebuilt_image; the application's \`region_id\` is elsewhere, not ${git.region_id}.\nNothing was created. Choose another name, or inputs that match the existing application.`,
  ]);
});

scenario('Of applications with the same name none is taken, and none created', async (stage) => {
  const { nodion } = stage;
  const [first, second] = [1, 2].map(() => nodion.addApplication({ name: 'shop' }).id);
  const run = await create(stage, git);
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    `2 applications are called "shop": ${first}, ${second}.\nNothing was created. Rename all but one.`,
  ]);
  expect(nodion.requestsTo(CREATE)).toEqual([]);
});

for (const createAnswer of ['application', 'id'] as const) {
  scenario(
    `What an answer of an ${createAnswer} describes was made, whatever its name`,
    async (stage) => {
      const { nodion } = stage;
      Object.assign(nodion, { createAnswer, nameOf: () => 'shop-7f' });
      const run = await create(stage, git);
      expect(run.exitCode).toBe(0);
      const [application, ...more] = nodion.applications;
      expect(more).toEqual([]);
      expect(run.outputs).toMatchObject({ id: application?.id, name: 'shop-7f', created: 'true' });
      expect(annotations(run, 'warning')).toEqual([
        'Nodion calls it "shop-7f", not "shop": use that as `name`, or the next run creates another.',
      ]);
    },
  );
}

for (const createAnswer of ['application', 'empty'] as const) {
  scenario(
    `A name in another case and form is the same, answered with: ${createAnswer}`,
    async (stage) => {
      const { nodion } = stage;
      Object.assign(nodion, { createAnswer, nameOf: () => 'cafe\u0301 shop' });
      const named = { ...git, name: 'Caf\u00e9   Shop' };
      for (const created of ['true', 'false']) {
        const run = await create(stage, named);
        expect(run.exitCode).toBe(0);
        expect(run.outputs).toMatchObject({ id: nodion.applications[0]?.id, created });
        expect(annotations(run, 'warning')).toEqual([]);
      }
      expect(nodion.requestsTo(CREATE)).toHaveLength(1);
    },
  );
}

scenario(
  'An application of the name by the letter comes before one that is like it',
  async (stage) => {
    const { nodion } = stage;
    nodion.addApplication({ name: 'Shop' });
    const { id } = nodion.addApplication({ name: 'shop' });
    const run = await create(stage, git);
    expect(run.outputs).toMatchObject({ id, created: 'false' });
  },
);

scenario('Two that were created at the same time are told', async (stage) => {
  const { nodion } = stage;
  let other: string | undefined;
  nodion.nameOf = (name) => {
    other = nodion.addApplication({ name }).id;
    return name;
  };
  const run = await create(stage, git);
  expect(run.exitCode).toBe(0);
  const { id } = run.outputs;
  expect(id).not.toBe(other);
  expect(annotations(run, 'warning')).toEqual([
    `There are now 2 applications called "shop": ${id}, created here, and ${other}. Delete those that nobody needs in Nodion's dashboard: a later run may refuse the name, since it is not unique.`,
  ]);
});

for (const [what, fault] of [
  ['is lost', { kind: 'reset', carriedOut: true }],
  ['says nothing', answer(200)(true)],
  ['is cut off', { kind: 'cut-off', carriedOut: true }],
] as const) {
  scenario(
    `An application of another name is not created again when the answer ${what}`,
    async (stage) => {
      const { nodion } = stage;
      nodion.nameOf = () => 'shop-7f';
      nodion.fail({ on: CREATE, fault });
      const run = await create(stage, { ...git, timeout: '15s' });
      expect(run.exitCode).toBe(1);
      expect(nodion.requestsTo(CREATE)).toHaveLength(1);
      const lines = annotations(run, 'error')[0]?.split('\n');
      expect(lines?.[0]).toBe('An application called "shop" may have been created.');
      expect(lines?.slice(-2)).toEqual([
        `It may be "shop-7f" (${nodion.applications[0]?.id}), which is new.`,
        'If it is, use that name as `name`; if not, run the step again.',
      ]);
    },
  );
}

scenario('A refusal to create is passed on in Nodion’s own words', async (stage) => {
  const body = { errors: ["Name can't be blank"] };
  stage.nodion.fail({ on: CREATE, fault: answer(400, body)(false) });
  const run = await create(stage, git);
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    'Nodion refused application "shop" (400): Name can\'t be blank.\nNothing was created.\nCheck the inputs.',
  ]);
});

for (const [how, regionId] of [
  ['taken', git.region_id.toUpperCase()],
  ['refused where it differs', 'elsewhere'],
] as const) {
  scenario(`An application that somebody else created meanwhile is ${how}`, async (stage) => {
    const { nodion } = stage;
    nodion.fail(
      { on: 'GET /applications', fault: answer(200, { applications: [] })(false) },
      { on: CREATE, fault: answer(400, { errors: ['Name has already been taken'] })(false) },
    );
    const region = { id: regionId, name: 'Frankfurt, DE', slug: 'fra' };
    const { id } = nodion.addApplication({ name: 'shop', region });
    const run = await create(stage, git);
    if (how === 'taken') {
      expect(run.exitCode).toBe(0);
      expect(run.outputs).toMatchObject({ id, created: 'false' });
    } else {
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')).toEqual([
        `An application called "shop" exists (${id}), but differs.\nThe application's \`region_id\` is elsewhere, not ${git.region_id}.\nNothing was created. Choose another name, or inputs that match the existing application.`,
      ]);
    }
  });
}

scenario(
  'Somebody else’s of the name is not taken for one whose answer was lost',
  async (stage) => {
    const { nodion, clock } = stage;
    nodion.fail({ on: CREATE, fault: { kind: 'reset', carriedOut: false } });
    const other = { name: 'shop', deployment_strategy: 'prebuilt_image' };
    let late: Promise<{ id: string }> | undefined;
    const run = await stage.run({
      ...{ action: 'create-application', inputs: git },
      onLog: (text) => {
        if (!text.includes('Checking whether it was created')) return;
        nodion.addApplication(other);
        late = clock.sleep(5_000).then(() => nodion.addApplication({ name: 'shop' }));
      },
    });
    expect(run).toMatchObject({ exitCode: 0, outputs: { id: (await late)?.id, created: 'true' } });
    expect(nodion.requestsTo(CREATE)).toHaveLength(1);
    expect(annotations(run, 'warning')[0]).toContain('There are now 2 applications called "shop"');
  },
);

scenario(
  'Whether one was created is not known where only another one has appeared',
  async (stage) => {
    const { nodion } = stage;
    nodion.fail({ on: CREATE, fault: { kind: 'reset', carriedOut: false } });
    const run = await stage.run({
      ...{ action: 'create-application', inputs: git },
      onLog: (text) => {
        if (!text.includes('Checking whether it was created')) return;
        nodion.addApplication({ name: 'shop', deployment_strategy: 'prebuilt_image' });
      },
    });
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(CREATE)).toHaveLength(1);
    expect(run.log).not.toContain('Nothing was created');
    expect(run.log).not.toContain('It exists now');
    expect(annotations(run, 'error')[0]).toContain(
      `\nIt may be "shop" (${nodion.applications[0]?.id}), which is new.\nIt is not what the inputs ask for: delete or rename it, or give inputs that match it, before you run the step again.`,
    );
  },
);

for (const [status, warnings] of [
  [502, 1],
  [429, 0],
] as const) {
  scenario(`A creation that was sent again warns of the one before: ${status}`, async (stage) => {
    stage.nodion.fail({ on: CREATE, fault: answer(status)(false) });
    const run = await create(stage, git);
    expect(run.exitCode).toBe(0);
    expect(stage.nodion.requestsTo(CREATE)).toHaveLength(2);
    expect(annotations(run, 'warning')).toHaveLength(warnings);
    expect(
      run.log.match(/since 1 earlier request seemed to have had no effect/g) ?? [],
    ).toHaveLength(warnings);
  });
}

scenario(
  'One that was carried out after all searches is taken when it is sent again',
  async (stage) => {
    const { nodion } = stage;
    nodion.fail(
      { on: CREATE, fault: answer(502)(false) },
      // As if the first had been carried out just before.
      { on: CREATE, fault: answer(409, { errors: ['Name has already been taken'] })(true) },
    );
    const run = await create(stage, git);
    expect(annotations(run, 'error')).toEqual([]);
    expect(run).toMatchObject({ exitCode: 0, outputs: { created: 'true' } });
    expect(run.outputs.id).toBe(nodion.applications[0]?.id);
    expect(nodion.requestsTo(CREATE)).toHaveLength(2);
  },
);

for (const [what, fault] of [
  ['says nothing', answer(200, {})(false)],
  ['is no JSON', answer(202, '<html>')(false)],
] as const) {
  scenario(`Nor for one that was created, where the answer ${what}`, async (stage) => {
    const { nodion, clock } = stage;
    nodion.fail({ on: CREATE, fault });
    async function appear() {
      while (nodion.requestsTo(CREATE).length === 0) await clock.sleep(10);
      nodion.addApplication({ name: 'shop', deployment_strategy: 'prebuilt_image' });
      await clock.sleep(6_000);
      return nodion.addApplication({ name: 'shop' });
    }
    const late = appear();
    const run = await create(stage, git);
    expect(run).toMatchObject({ exitCode: 0, outputs: { id: (await late).id, created: 'true' } });
  });
}
