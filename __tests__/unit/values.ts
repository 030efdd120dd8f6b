import { type Attempt, newAttempt } from '../../src/deploy/attempt/attempt.ts';
import { success } from '../../src/deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../../src/deploy/deploy-application.ts';
import type { DeployPlan } from '../../src/deploy/plan/deploy-plan.ts';
import type { Target } from '../../src/deploy/preflight/preflight.ts';
import { createNodionClient } from '../../src/nodion/client.ts';
import type { Application, Deployment } from '../../src/nodion/responses.ts';

export const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';

const ID = '0ce705eb-fb11-485a-b380-82cdb8b97036';

const unused = () => Promise.reject(new Error('not to be sent'));

/** Deployment `number`, of no known commit or image. */
export function deployment(number: number, given: Partial<Deployment> = {}): Deployment {
  return {
    id: `id-${number}`,
    status: 'available',
    deploy_number: number,
    git_sha: null,
    commit_message: null,
    committer_name: null,
    strategy: null,
    image_reference: null,
    created_at: null,
    ...given,
  };
}

/** A plan that asks for nothing but to wait for 15 min. */
export function plan(given: Partial<DeployPlan> = {}): DeployPlan {
  return {
    connection: { apiKey: 'key', projectId: null, apiUrl: 'https://api.nodion.com/v1' },
    applications: { by: 'id', ids: ['id'] },
    match: { imageTag: null, commit: null },
    wait: true,
    timeoutMs: 900_000,
    pollIntervalMs: 3_000,
    reuseExisting: false,
    verifyRollout: false,
    health: null,
    stableForMs: 0,
    rollback: false,
    imageCheck: null,
    logLines: 50,
    environment: null,
    dryRun: false,
    maxParallel: Number.POSITIVE_INFINITY,
    failFast: false,
    ifBusy: 'deploy',
    ...given,
  };
}

/** The attempt that made #12, which went live after 35 s. */
export function attempt(given: Partial<Attempt> = {}): Attempt {
  const live = deployment(12);
  return {
    ...newAttempt(null),
    before: { kind: 'listed', deployments: [] },
    deployment: live,
    origin: 'triggered',
    outcome: { kind: 'available', deployment: live, newer: null, lastLook: null },
    startedAt: Date.UTC(2026, 0, 1, 12),
    timeline: [
      { name: 'created', afterMs: 300 },
      { name: 'waiting', afterMs: 12_000 },
      { name: 'available', afterMs: 35_000 },
    ],
    durationMs: 35_000,
    ...given,
  };
}

/** The application `name` as a target. */
export function target(name: string): Target {
  const application: Application = {
    id: 'id',
    name,
    status: 'online',
    deployment_strategy: 'dockerfile',
    image_name: null,
    image_tag: null,
    container_registry_id: null,
    region: { id: null, slug: 'fra' },
    instance_amount: 1,
    workers: [],
  };
  return {
    applicationId: 'id',
    name: name || 'id',
    api: createNodionClient({ ...plan().connection, transport: unused }).application(ID),
    application,
    deployments: null,
    url: Promise.resolve(null),
    healthUrl: null,
    healthBefore: null,
    rollbackProblem: null,
    verified: null,
    problem: null,
  };
}

/** What became of the application `name`: #12 went live after 35 s. */
export function run(name: string, given: Partial<DeploymentRun> = {}): DeploymentRun {
  return {
    ...attempt(),
    target: target(name),
    url: null,
    previous: null,
    triggered: true,
    healthy: null,
    rollback: null,
    timedOut: false,
    conclusion: success('live'),
    live: { kind: 'unknown' },
    liveLine: null,
    ...given,
  };
}
