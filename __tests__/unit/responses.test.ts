import { expect, test } from '@jest/globals';
import { toRegistryHostname } from '../../src/nodion/catalogue-items.ts';
import { toInstance } from '../../src/nodion/instances.ts';
import { createListReader } from '../../src/nodion/list-reader.ts';
import { toLogLine } from '../../src/nodion/log-lines.ts';
import {
  pruneDeployments,
  toApplication,
  toDeployment,
  toDeployments,
  toDomain,
} from '../../src/nodion/responses.ts';

const ID = '0ce705eb-fb11-485a-b380-82cdb8b97036';

const documented = {
  id: ID,
  status: 'available',
  deploy_number: 7,
  git_sha: 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e',
  commit_message: 'Show prices with VAT',
  committer_name: 'John Doe',
  committer_email: 'john@example.com',
  committer_username: 'john',
  commit_timestamp: '2024-01-01T12:00:00.000+01:00',
  strategy: 'dockerfile',
  image_reference: null,
  created_at: '2024-01-01T12:00:01.000+01:00',
};

test('All that the step needs of a documented deployment is read, in a large list as well', () => {
  const { committer_email, committer_username, commit_timestamp, ...needed } = documented;
  expect(toDeployment(documented)).toEqual(needed);
  const image = { ...documented, git_sha: null, image_reference: 'docker.io/nginx:1.25' };
  expect(toDeployment(image).image_reference).toBe('docker.io/nginx:1.25');
  const reader = createListReader('deployments');
  reader.add(Buffer.from(JSON.stringify({ deployments: [documented] })));
  expect(toDeployments(pruneDeployments(JSON.parse(reader.end()).deployments, null), null)).toEqual(
    [needed],
  );
});

test('A number or an ID that is missing, or of another kind, is told as not valid', () => {
  for (const deploy_number of [undefined, null, '7', 7.5]) {
    expect(() => toDeployment({ id: ID, deploy_number })).toThrow('no valid `deploy_number`');
  }
  for (const id of [undefined, null, 7, '']) {
    expect(() => toDeployment({ id, deploy_number: 7 })).toThrow('no valid `id`');
  }
});

test('Older answers lack what is new, and say no more than that', () => {
  expect(toDeployment({ id: ID, deploy_number: 1 })).toEqual({
    id: ID,
    status: '',
    deploy_number: 1,
    git_sha: null,
    commit_message: null,
    committer_name: null,
    strategy: null,
    image_reference: null,
    created_at: null,
  });
  expect(toApplication({ id: ID, name: 'shop' })).toEqual({
    id: ID,
    name: 'shop',
    status: null,
    deployment_strategy: null,
    image_name: null,
    image_tag: null,
    container_registry_id: null,
    region: { id: null, slug: null },
    instance_amount: null,
    workers: [],
  });
});

test('An application is read with its region and its workers', () => {
  const worker = { id: 'w', name: 'mailer', status: 'available', instance_amount: 0 };
  const application = {
    id: ID,
    status: 'online',
    name: 'shop',
    instance_amount: 2,
    deployment_strategy: 'prebuilt_image',
    image_name: 'nginx',
    image_tag: 'latest',
    container_registry_id: ID,
    region: { id: 'r', name: 'Frankfurt', slug: 'fra' },
    workers: [worker, {}],
  };
  expect(toApplication(application)).toEqual({
    ...application,
    region: { id: 'r', slug: 'fra' },
    workers: [
      { name: 'mailer', status: 'available', instance_amount: 0 },
      { name: 'without a name', status: null, instance_amount: null },
    ],
  });
});

test('A container registry says its host, in an object of its own or not', () => {
  expect(toRegistryHostname({ container_registry: { id: ID, hostname: 'ghcr.io' } })).toBe(
    'ghcr.io',
  );
  expect(toRegistryHostname({ id: ID, hostname: 'ghcr.io' })).toBe('ghcr.io');
  for (const odd of [null, {}, { container_registry: { hostname: '' } }]) {
    expect(toRegistryHostname(odd)).toBeNull();
  }
});

test('An instance says which deployment it is of, or nothing', () => {
  const instance = { id: 'i', name: 'shop-1', status: 'online', deployment: documented };
  expect(toInstance(instance)).toEqual({
    name: 'shop-1',
    status: 'online',
    deployment: { id: ID, deploy_number: 7 },
  });
  expect(toInstance({ id: 'i', status: 'online' })).toEqual({
    name: 'i',
    status: 'online',
    deployment: null,
  });
});

test('A domain and a log line are read', () => {
  const domain = { domain_name: 'shop.nodion.app', status: 'available', domain_type: 'sub' };
  expect(toDomain(domain)).toEqual({ name: 'shop.nodion.app', status: 'available', type: 'sub' });
  expect(toLogLine({ ts: '2024-01-01T12:00:00Z', msg: 'Listening' })).toEqual({
    ts: '2024-01-01T12:00:00Z',
    msg: 'Listening',
  });
});
