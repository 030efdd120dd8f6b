import { ApplicationServer } from '../fakes/application-server.ts';
import { FakeNodion } from '../fakes/nodion/server.ts';
import { PROJECT_KEY } from '../fakes/nodion/state.ts';

/**
 * `npm run fake [-- PORT]`: a Nodion on loopback to try workflows against, until it is stopped, and an
 * application's server beside it, whose health depends on the tag that is live.
 */

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
nodion.addDeployment(applications['goes live, from an image'], {
  status: 'available',
  image_tag: 'v1',
});
const server = await ApplicationServer.start(() => {
  const { image_reference } = nodion.liveDeployment(applications['goes live, from an image']) ?? {};
  return image_reference?.includes('bad') ? 503 : 200;
});
const start = `  NODION_API_KEY=${PROJECT_KEY} npm start --`;
console.log(`In another terminal, deploy one:
${start} \\
    api_url=${nodion.url} application_name=web
or a bad version of one, and go back:
${start} \\
    api_url=${nodion.url} application_name=proxy image_tag=bad \\
    health_url=${server.url}/up health_timeout=10s rollback=true
or list them, or create one:
${start} \\
    list-applications api_url=${nodion.url}
${start} \\
    create-application api_url=${nodion.url} name=docs region=fra \\
    instance_type=SB-G1-512MB deployment_strategy=prebuilt_image \\
    container_registry="Docker Hub" image_name=nginx`);
