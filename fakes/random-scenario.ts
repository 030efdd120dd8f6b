import fc from 'fast-check';
import { answer, FAULTS } from './faults.ts';
import type { Endpoint } from './nodion.ts';
import { annotations, type Stage } from './stage.ts';

const ENDPOINTS: readonly Endpoint[] = [
  'GET /applications/:id',
  'GET /applications/:id/deployments',
  'POST /applications/:id/deployments',
  'GET /applications/:id/logs',
];

const ALL_FAULTS = {
  ...FAULTS,
  hang: (carriedOut: boolean) => ({ kind: 'hang', carriedOut }) as const,
  stall: (carriedOut: boolean) => ({ kind: 'stall', carriedOut }) as const,
  'refusal 400': () => answer(400, { errors: ['no'] })(false),
  'refusal 401': () => answer(401)(false),
  'refusal 403': () => answer(403)(false),
  'refusal 404': () => answer(404)(false),
};

const fault = fc.record({
  on: fc.constantFrom(...ENDPOINTS),
  name: fc.constantFrom(...(Object.keys(ALL_FAULTS) as (keyof typeof ALL_FAULTS)[])),
  carriedOut: fc.boolean(),
  skip: fc.integer({ min: 0, max: 3 }),
  times: fc.integer({ min: 1, max: 3 }),
});

/** A deployment to some end, within some time, with some faults on the way. */
export const randomScenario = fc.record({
  isImage: fc.boolean(),
  end: fc.constantFrom('available', 'available', 'failed', 'expired', 'waiting', 'gone'),
  endAfterMs: fc.integer({ min: 0, max: 10_000 }),
  timeoutSeconds: fc.integer({ min: 5, max: 40 }),
  faults: fc.array(fault, { maxLength: 5 }),
});

export type RandomScenario = typeof randomScenario extends fc.Arbitrary<infer T> ? T : never;

/** Start-up and exit of the process on a busy machine. */
const SLACK_REAL_MS = 6_000;

/** Plays a scenario with the bundle. @throws Error that says which promise was broken. */
export async function playRandomScenario(
  { isImage, end, endAfterMs, timeoutSeconds, faults }: RandomScenario,
  { nodion, deploy, clock }: Stage,
): Promise<void> {
  const application = nodion.addApplication({
    ...(isImage && { deployment_strategy: 'prebuilt_image' }),
    life: [
      { status: 'created', afterMs: 0 },
      { status: end, afterMs: endAfterMs },
    ],
  });
  const old = nodion.addDeployment(application, { status: 'available' });
  for (const { on, name, carriedOut, skip, times } of faults) {
    nodion.fail({ on, fault: ALL_FAULTS[name](carriedOut), skip, times });
  }
  const run = await deploy(application, {
    inputs: { timeout: `${timeoutSeconds}s`, ...(isImage && { image_tag: 'v2' }) },
  });
  const made = application.deployments.filter(({ id }) => id !== old.id);
  const errors = annotations(run, 'error').length;
  const isLive = made[0] !== undefined && nodion.statusOf(made[0]) === 'available';
  const longestMs = (timeoutSeconds + 1 + 5) * 1_000 + SLACK_REAL_MS * clock.factor;
  const broken = [
    made.length > 1 && `${made.length} deployments were made`,
    run.exitCode === 0 && !isLive && 'green, but not live',
    run.outputs.id && run.outputs.id !== made[0]?.id && 'the id of another deployment',
    errors !== (run.exitCode === 0 ? 0 : 1) && `${errors} errors, exit code ${run.exitCode}`,
    run.durationMs > longestMs && 'past the deadline',
    run.stderr !== '' && 'something on standard error',
  ].filter(Boolean);
  if (broken.length > 0) throw new Error(`${broken.join('; ')}\n${run.log}`);
}
