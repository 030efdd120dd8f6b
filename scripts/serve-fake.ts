import { FakeNodion, PROJECT_KEY } from '../fakes/nodion.ts';

/** `npm run fake [-- PORT]`: a Nodion on loopback to try workflows against, until it is stopped. */

const nodion = await FakeNodion.start(Number(process.argv[2] ?? 8080));
nodion.addApplication({
  name: 'broken',
  life: [
    { status: 'created', afterMs: 0 },
    { status: 'failed', afterMs: 2_000 },
  ],
});
nodion.addApplication({ name: 'slow', life: [{ status: 'waiting', afterMs: 0 }] });
const web = nodion.addApplication({ name: 'web' });
const proxy = nodion.addApplication({ name: 'proxy', deployment_strategy: 'prebuilt_image' });
console.log(`A Nodion at ${nodion.url}, with the API key ${PROJECT_KEY} and the applications`);
for (const { id, name, deployment_strategy } of [web, proxy]) {
  console.log(`  ${id}  ${name} (${deployment_strategy})`);
}
