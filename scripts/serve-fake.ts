import { FakeNodion, PROJECT_KEY } from '../fakes/nodion.ts';

/** `npm run fake [-- PORT]`: a Nodion on loopback to try workflows against, until it is stopped. */

const port = Number(process.argv[2] ?? 8080);
const nodion = await FakeNodion.start({ port }).catch((error: NodeJS.ErrnoException) => {
  console.error(`No server on port ${port}: ${error.code}. Name another: npm run fake -- PORT`);
  process.exit(1);
});
const applications = {
  'goes live': nodion.addApplication({ name: 'web' }),
  'goes live, from an image': nodion.addApplication({
    name: 'proxy',
    deployment_strategy: 'prebuilt_image',
  }),
  fails: nodion.addApplication({
    name: 'broken',
    life: [
      { status: 'created', afterMs: 0 },
      { status: 'failed', afterMs: 2_000 },
    ],
  }),
  'never ends': nodion.addApplication({ name: 'slow', life: [{ status: 'waiting', afterMs: 0 }] }),
};
console.log(`A Nodion at ${nodion.url}, with the API key ${PROJECT_KEY} and the applications`);
for (const [what, { id, name }] of Object.entries(applications)) {
  console.log(`  ${id}  ${name.padEnd(6)}  ${what}`);
}
console.log(
  `Deploy one: NODION_API_KEY=${PROJECT_KEY} npm start -- api_url=${nodion.url} application_name=web`,
);
