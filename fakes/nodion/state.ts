import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { type CatalogueEndpoint, FakeCatalogue } from './catalogue.ts';

/** A key that belongs to one project and may do everything in it. */
export const PROJECT_KEY = 'nodion-project-key-5f1c';
/** A key of a user, with scopes. */
export const USER_KEY = 'nodion-user-key-8a2d';
/** A user key that may trigger deployments and read nothing. */
export const DEPLOY_ONLY_KEY = 'nodion-deploy-only-key-93be';
/** The project of PROJECT_KEY, and the default one of the user keys. */
export const PROJECT_ID = '7d9a2c11-0d8e-4e0f-9f55-3a1b6c2d4e5f';
export const OTHER_PROJECT_ID = '11111111-2222-4333-8444-555555555555';

const KEYS: Readonly<Record<string, { scopes: readonly ('read' | 'write')[]; isUser: boolean }>> = {
  [PROJECT_KEY]: { scopes: ['read', 'write'], isUser: false },
  [USER_KEY]: { scopes: ['read', 'write'], isUser: true },
  [DEPLOY_ONLY_KEY]: { scopes: ['write'], isUser: true },
};

/** The status that a deployment has from `afterMs` milliseconds after its trigger on. */
export interface Phase {
  readonly status: string;
  readonly afterMs: number;
}

export interface FakeDeployment {
  id: string;
  deploy_number: number;
  git_sha: string | null;
  commit_message: string;
  committer_name: string;
  committer_email: string;
  committer_username: string;
  commit_timestamp: string;
  strategy: string;
  image_reference: string | null;
  created_at: string;
  /** By the fake's clock. */
  triggeredAt: number;
  life: readonly Phase[];
}

export interface FakeDomain {
  id: string;
  status: string;
  domain_type: 'main' | 'sub';
  domain_name: string;
  verification_code: string | null;
  created_at: string;
  updated_at: string;
}

export interface FakeApplication {
  id: string;
  projectId: string;
  status: string;
  state: string;
  name: string;
  instance_amount: number;
  instance_type_id: string;
  deployment_strategy: string;
  container_registry_id: string | null;
  image_name: string | null;
  image_tag: string | null;
  region: { id: string; name: string; slug: string };
  workers: {
    id: string;
    status: string;
    state: string;
    name: string;
    instance_amount: number;
    instance_type_id: string;
  }[];
  /** The commit that the next deployment is of. */
  head: Pick<FakeDeployment, 'git_sha' | 'commit_message' | 'committer_name'>;
  /** What the next deployments go through. */
  life: readonly Phase[];
  /** Newest first. */
  deployments: FakeDeployment[];
  /** Items of the list of deployments that are not as documented. */
  oddities: unknown[];
  logs: { ts: string; msg: string; instance_id: string }[];
  domains: FakeDomain[];
  /** Milliseconds between one instance's change to an available deployment and the next one's. */
  instanceChangeMs: number;
}

export type Endpoint =
  | 'GET /applications'
  | 'POST /applications'
  | 'GET /applications/:id'
  | 'GET /applications/:id/deployments'
  | 'POST /applications/:id/deployments'
  | 'GET /applications/:id/instances'
  | 'GET /applications/:id/logs'
  | 'GET /applications/:id/domains'
  | CatalogueEndpoint;

export interface RecordedRequest {
  readonly endpoint: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** By the fake's clock. */
  readonly at: number;
  /** 0 while there is no answer. */
  status: number;
  bytesSent: number;
}

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What Nodion knows: applications and their deployments, whose lives go by its clock, and what it answers of them. */
export class NodionState {
  readonly applications: FakeApplication[] = [];
  /** Endpoints that answer 404, as a gateway without them does. */
  readonly missing = new Set<Endpoint>();
  readonly catalogue = new FakeCatalogue();
  /** What `POST /applications` answers; the real body is not documented. */
  createAnswer: 'application' | 'id' | 'empty' = 'application';
  /** What becomes of an application's name. */
  nameOf = (name: string) => name;
  /** How far the `Date` header and `created_at` are ahead of the clock; negative for behind. */
  skewMs = 0;
  /** Leave out the fields that older answers lack. */
  olderAnswers = false;
  /** Called with each deployment just before it is recorded. */
  beforeRecording: (application: FakeApplication) => void = () => {};
  /** The deployments that a trigger made, in contrast to addDeployment(), oldest first. */
  readonly triggered: FakeDeployment[] = [];
  protected readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  addApplication(given: Partial<FakeApplication> = {}): FakeApplication {
    const isImage = given.deployment_strategy === 'prebuilt_image';
    const application: FakeApplication = {
      id: randomUUID(),
      projectId: PROJECT_ID,
      status: 'online',
      state: 'default',
      name: 'My App',
      instance_amount: 1,
      instance_type_id: 'ccdcd297-702b-4f51-ad21-7ca481c08920',
      deployment_strategy: 'dockerfile',
      container_registry_id: isImage ? '9d1f3a52-6c1e-4b7a-9a57-0f6f2f1d2c3b' : null,
      image_name: isImage ? 'nginx' : null,
      image_tag: isImage ? '1.25' : null,
      region: { id: '428d037e-9ba6-4dab-92bd-8d816c523126', name: 'Frankfurt, DE', slug: 'fra' },
      workers: [],
      head: {
        git_sha: 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e',
        commit_message: 'test',
        committer_name: 'John Doe',
      },
      life: [
        { status: 'created', afterMs: 0 },
        { status: 'waiting', afterMs: 300 },
        { status: 'available', afterMs: 900 },
      ],
      deployments: [],
      oddities: [],
      logs: [],
      domains: [],
      instanceChangeMs: 0,
      ...given,
    };
    this.applications.push(application);
    return application;
  }

  /** Records a deployment as a trigger does, by somebody else. */
  addDeployment(
    application: FakeApplication,
    given: Partial<FakeDeployment> & { status?: string; image_tag?: string } = {},
  ): FakeDeployment {
    const { status, image_tag, ...fields } = given;
    const life = status === undefined ? application.life : [{ status, afterMs: 0 }];
    const deployment = { ...this.newDeployment(application, image_tag), life, ...fields };
    application.deployments.unshift(deployment);
    return deployment;
  }

  /** Gives the application a domain: one that works, unless told otherwise. */
  addDomain(application: FakeApplication, name: string, given: Partial<FakeDomain> = {}): void {
    const created_at = new Date(this.time()).toISOString();
    application.domains.push({
      id: randomUUID(),
      status: 'available',
      domain_type: 'sub',
      domain_name: name,
      verification_code: null,
      created_at,
      updated_at: created_at,
      ...given,
    });
  }

  protected answer(
    record: RecordedRequest,
    id: string,
    { query, ageMs }: { query: URLSearchParams; ageMs: number },
  ): Answer {
    const key = KEYS[/^Bearer (.+)$/.exec(record.headers.authorization ?? '')?.[1] ?? ''];
    if (!key) return { status: 401, body: { error: 'Unauthorized' } };
    const projectId = key.isUser ? (record.headers['x-nodion-project'] ?? PROJECT_ID) : PROJECT_ID;
    const isAllowed = key.scopes.includes(record.method === 'GET' ? 'read' : 'write');
    if (!isAllowed) return { status: 403, body: { error: 'Insufficient scope' } };
    if (!record.url.startsWith('/v1/')) return { status: 404, body: { error: 'Not found' } };
    const inProject = this.applications.filter(
      (application) => application.projectId === projectId,
    );
    const application = inProject.find((candidate) => candidate.id === id);
    const endpoint = record.endpoint as Endpoint;
    if ((id && !application) || this.missing.has(endpoint)) {
      return { status: 404, body: { error: 'Not found' } };
    }
    if (!application) {
      if (endpoint === 'GET /applications') {
        return { status: 200, body: { applications: inProject.map((one) => this.show(one)) } };
      }
      if (endpoint === 'POST /applications') return this.create(record.body, String(projectId));
      const body = this.catalogue.answer(endpoint, record.url);
      return body ? { status: 200, body } : { status: 404, body: { error: 'Not found' } };
    }
    switch (endpoint) {
      case 'GET /applications/:id':
        return { status: 200, body: { application: this.show(application) } };
      case 'GET /applications/:id/deployments': {
        const at = this.clock.now() - ageMs;
        const deployments = application.deployments
          .filter(({ triggeredAt }) => triggeredAt <= at)
          .map((one) => this.showDeployment(one, at));
        return { status: 200, body: { deployments: [...application.oddities, ...deployments] } };
      }
      case 'POST /applications/:id/deployments':
        return this.trigger(application, record.body);
      case 'GET /applications/:id/instances':
        return { status: 200, body: { instances: instancesOf(application, this.clock.now()) } };
      case 'GET /applications/:id/logs':
        return { status: 200, body: { logs: this.logsOf(application, query) } };
      case 'GET /applications/:id/domains':
        return { status: 200, body: { domains: application.domains } };
      default:
        return { status: 404, body: { error: 'Not found' } };
    }
  }

  private trigger(application: FakeApplication, body: string): Answer {
    const { image_tag } = parse(body);
    if (image_tag !== undefined && application.deployment_strategy !== 'prebuilt_image') {
      return refusal('Image tag is only allowed for pre-built image applications');
    }
    this.beforeRecording(application);
    const deployment = this.newDeployment(application, image_tag as string | undefined);
    application.deployments.unshift(deployment);
    this.triggered.push(deployment);
    const shown = { ...this.showDeployment(deployment), updated_at: deployment.created_at };
    return { status: 200, body: { deployment: shown } };
  }

  /** The time that Nodion tells. */
  protected time(): number {
    return this.clock.now() + this.skewMs;
  }

  private create(body: string, projectId: string): Answer {
    const given = parse(body);
    const strategy = given.deployment_strategy ?? 'dockerfile';
    const required = ['name', 'region_id', 'instance_type_id', 'instance_amount'].concat(
      strategy === 'prebuilt_image'
        ? ['container_registry_id', 'image_name']
        : ['integration_id', 'repository_id', 'branch_id'],
    );
    const errors = required
      .filter((name) => !given[name])
      .map(
        (name) => `${name.replace(/_/g, ' ').replace(/^./, (c) => c.toUpperCase())} can't be blank`,
      );
    if (errors.length > 0) return refusal(...errors);
    const isImage = strategy === 'prebuilt_image';
    const application = this.addApplication({
      projectId,
      name: this.nameOf(String(given.name)),
      deployment_strategy: String(strategy),
      instance_amount: Number(given.instance_amount),
      region: this.catalogue.region(String(given.region_id)),
      ...(isImage && {
        image_name: String(given.image_name),
        image_tag: String(given.image_tag ?? 'latest'),
      }),
    });
    const answers = {
      application: { application: this.show(application) },
      id: { id: application.id },
      empty: '',
    };
    return { status: 200, body: answers[this.createAnswer] };
  }

  private show(application: FakeApplication): object {
    const { projectId, head, life, deployments, oddities, logs, domains, ...rest } = application;
    const { instanceChangeMs, ...shown } = rest;
    if (!this.olderAnswers) return shown;
    const { deployment_strategy, container_registry_id, image_name, image_tag, ...older } = shown;
    return older;
  }

  private showDeployment(deployment: FakeDeployment, at = this.clock.now()): object {
    const { triggeredAt, life, ...shown } = deployment;
    const withStatus = { ...shown, status: this.statusOf(deployment, at) };
    if (!this.olderAnswers) return withStatus;
    const { strategy, image_reference, ...older } = withStatus;
    return older;
  }

  /** The deployment's status by now, or by `at`. */
  statusOf({ life, triggeredAt }: FakeDeployment, at = this.clock.now()): string {
    const age = at - triggeredAt;
    return life.findLast(({ afterMs }) => afterMs <= age)?.status ?? 'created';
  }

  /** The deployment that serves the application by now: the newest `available` one. */
  liveDeployment({ deployments }: FakeApplication): FakeDeployment | undefined {
    return deployments.find((one) => this.statusOf(one) === 'available');
  }

  private newDeployment(application: FakeApplication, imageTag?: string): FakeDeployment {
    const isImage = application.deployment_strategy === 'prebuilt_image';
    const image = `${application.image_name}:${imageTag ?? application.image_tag}`;
    const host = this.catalogue.registryHost(application.container_registry_id);
    const triggeredAt = this.clock.now();
    const created_at = new Date(this.time()).toISOString();
    return {
      id: randomUUID(),
      deploy_number: Math.max(0, ...application.deployments.map((one) => one.deploy_number)) + 1,
      ...(isImage
        ? { git_sha: null, commit_message: `Image: ${image}`, committer_name: 'Container Registry' }
        : application.head),
      committer_email: isImage ? 'deploy@nodion.com' : 'info@nodion.com',
      committer_username: isImage ? 'Container Registry' : 'nodion',
      commit_timestamp: created_at,
      strategy: application.deployment_strategy,
      image_reference: isImage ? `${host}/${image}` : null,
      created_at,
      triggeredAt,
      life: application.life,
    };
  }

  private logsOf(application: FakeApplication, query: URLSearchParams): object[] {
    const after = Date.parse(query.get('after') ?? '') || this.clock.now() - 3_600_000;
    const limit = Math.min(Number(query.get('limit') ?? 200), 2_500);
    return application.logs.filter(({ ts }) => Date.parse(ts) > after).slice(-limit);
  }
}

/** Each instance runs the newest deployment that has been available for as long as its turn takes. */
function instancesOf(application: FakeApplication, now: number): object[] {
  return Array.from({ length: application.instance_amount }, (_, index) => {
    const deployment = application.deployments.find((candidate) => {
      const availableAfter = candidate.life.find(({ status }) => status === 'available')?.afterMs;
      if (availableAfter === undefined) return false;
      const changesAt =
        candidate.triggeredAt + availableAfter + index * application.instanceChangeMs;
      return now >= changesAt;
    });
    if (!deployment) return [];
    const { id, deploy_number, git_sha } = deployment;
    return {
      id: `instance-${index + 1}`,
      status: 'online',
      name: `web-${index + 1}`,
      created_at: deployment.created_at,
      deployment: { id, status: 'available', deploy_number, git_sha },
      instance_type: null,
      worker: null,
    };
  }).flat();
}

function refusal(...errors: string[]): Answer {
  return { status: 400, body: { errors } };
}

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body || '{}');
  } catch {
    return {};
  }
}
