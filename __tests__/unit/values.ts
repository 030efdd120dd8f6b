import type { Course } from '../../src/deploy/attempt/run-attempt.ts';
import type { DeploymentRun } from '../../src/deploy/deploy-application.ts';
import type { DeployPlan } from '../../src/deploy/plan/deploy-plan.ts';
import type { Target } from '../../src/deploy/preflight.ts';
import type { Application, Deployment } from '../../src/nodion/responses.ts';

export const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';

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
    applicationIds: ['id'],
    applicationNames: null,
    match: { imageTag: null, commit: null },
    wait: true,
    timeoutMs: 900_000,
    pollIntervalMs: 3_000,
    reuseExisting: false,
    verifyRollout: false,
    health: null,
    stableForMs: 0,
    rollback: false,
    logLines: 50,
    environment: null,
    dryRun: false,
    ...given,
  };
}

/** The course of #12, which went live after 35 s. */
export function course(given: Partial<Course> = {}): Course {
  const live = deployment(12);
  return {
    before: [],
    lastSeen: null,
    deployment: live,
    origin: 'triggered',
    isOwn: true,
    outcome: { kind: 'available', deployment: live, newer: null, lastLook: null },
    startedAt: Date.UTC(2026, 0, 1, 12),
    timeline: [
      { status: 'created', afterMs: 300 },
      { status: 'waiting', afterMs: 12_000 },
      { status: 'available', afterMs: 35_000 },
    ],
    durationMs: 35_000,
    rollout: null,
    health: null,
    stability: null,
    failure: null,
    error: null,
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
    image_tag: null,
    region: { id: null, slug: 'fra' },
    instance_amount: 1,
    workers: [],
  };
  return {
    applicationId: 'id',
    application,
    deployments: null,
    url: Promise.resolve(null),
    healthUrl: null,
    healthBefore: null,
    problem: null,
  };
}

/** What became of the application `name`: #12 went live after 35 s. */
export function run(name: string, given: Partial<DeploymentRun> = {}): DeploymentRun {
  const { before, failure, error, ...ended } = course();
  return {
    ...ended,
    target: target(name),
    url: null,
    previous: null,
    triggered: true,
    replacedBy: null,
    rollback: null,
    timedOut: false,
    conclusion: { kind: 'success' },
    ...given,
  };
}
