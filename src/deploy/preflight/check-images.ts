import { FailedRequest } from '../../http/failed-request.ts';
import { retryRead } from '../../http/retry.ts';
import type { SendRequest } from '../../http/transport.ts';
import { isPlainId, toRegistryHostname } from '../../nodion/catalogue-items.ts';
import type { NodionClient } from '../../nodion/client.ts';
import { type FindImageEvent, findImage } from '../../registry/find-image.ts';
import { createRegistryClient, type RegistryClient } from '../../registry/registry-client.ts';
import { joined, sentence } from '../../runner/sentence.ts';
import { Interrupted, type InterruptReason, withLimit } from '../../time/deadline.ts';
import { HEARTBEAT_MS, IMAGE_SPARE_MS, REGISTRY_LIMIT_MS } from '../../time/step-clock.ts';
import { findReusableDeployment } from '../attempt/find-reusable.ts';
import { type Failure, misfit } from '../conclusion/conclusion.ts';
import {
  describeFound,
  describeWaiting,
  imageNotChecked,
  imageNotFound,
  shortTime,
  type TaggedImage,
} from '../conclusion/describe-image.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { locateImage } from './locate-image.ts';
import type { PreflightEvent, Target } from './preflight.ts';

/** What became of the search for one image. */
type Found =
  | { readonly digest: string | null }
  | { readonly problem: Failure }
  | { readonly interruption: Interrupted };

/**
 * The targets with what their tags point to, each image looked up once in its registry; with a problem
 * where it is not there, that can't be told, or `signal` aborts. Those that follow an existing deployment
 * need no image.
 */
export async function checkImages(
  targets: readonly Target[],
  plan: DeployPlan,
  options: CheckOptions,
): Promise<readonly Target[]> {
  try {
    return await checkAll(targets, plan, options);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return await endAll(targets, plan, error);
  }
}

/** None of them is deployed, since the step has ended. */
async function endAll(
  targets: readonly Target[],
  plan: DeployPlan,
  error: Interrupted,
): Promise<readonly Target[]> {
  const { beforeTrigger } = await import(
    /* webpackChunkName: "failure" */ '../conclusion/describe-failure.ts'
  );
  const problem = beforeTrigger(error, plan, { hasBeenRead: false, isAnswered: true });
  return targets.map((target) => ({ ...target, problem }));
}

interface CheckOptions {
  readonly client: NodionClient;
  readonly transport: SendRequest;
  readonly signal: AbortSignal;
  readonly onEvent: (event: PreflightEvent) => void;
}

async function checkAll(
  targets: readonly Target[],
  plan: DeployPlan,
  options: CheckOptions,
): Promise<readonly Target[]> {
  // Nothing is going to be triggered.
  if (targets.some(({ problem }) => problem !== null)) return targets;
  const due = targets.filter((target) => !isFollowing(target, plan));
  const hostnames = await readHostnames(due, options);
  const located = new Map(
    due.map((target) => {
      const id = target.application?.container_registry_id;
      return [target, locateImage(target, plan, id ? hostnames.get(id) : null)];
    }),
  );
  const images = [...located.values()].filter((one): one is TaggedImage => !('problem' in one));
  const mismatch = credentialsMismatch(images, plan);
  const isLocated = images.length === due.length && !mismatch;
  const found = isLocated ? await findAll(images, plan, options) : null;
  let ended: Interrupted | null = null;
  const checked = targets.map((target): Target => {
    const image = located.get(target);
    if (!image) return target;
    if ('problem' in image) return { ...target, problem: image.problem };
    if (mismatch) return { ...target, problem: mismatch };
    const end = found?.get(keyOf(image));
    if (!end) return target;
    if ('digest' in end) return { ...target, verified: { tag: image.tag, digest: end.digest } };
    if ('problem' in end) return { ...target, problem: end.problem };
    ended = end.interruption;
    return target;
  });
  return ended ? await endAll(checked, plan, ended) : checked;
}

function isFollowing({ deployments }: Target, { reuseExisting, match }: DeployPlan): boolean {
  return reuseExisting && findReusableDeployment(deployments?.deployments ?? [], match) !== null;
}

/** The hosts of the registries that the applications name, by their IDs, as far as they can be read. */
async function readHostnames(
  targets: readonly Target[],
  { client, signal }: { client: NodionClient; signal: AbortSignal },
): Promise<ReadonlyMap<string, string | null>> {
  const ids = new Set(
    targets.map(({ application }) => application?.container_registry_id ?? '').filter(isPlainId),
  );
  const read = async (id: string): Promise<[string, string | null][]> => {
    try {
      const hostname = await withLimit(signal, REGISTRY_LIMIT_MS, (limited) =>
        retryRead(
          () =>
            client.get('GET /container_registries/{id}', toRegistryHostname, {
              ...{ signal: limited, parameters: { id } },
            }),
          { signal: limited, onRetry: () => {} },
        ),
      );
      return [[id, hostname]];
    } catch (error) {
      // Each request is in the debug log, and a gateway or an older key may not have this endpoint.
      if (signal.aborted) throw error;
      return [];
    }
  };
  return new Map((await Promise.all([...ids].map(read))).flat());
}

/** One user name and password are for one registry; null where they are. */
function credentialsMismatch(
  images: readonly TaggedImage[],
  { imageCheck }: DeployPlan,
): Failure | null {
  const hosts = [...new Set(images.map(({ host }) => host))];
  if (!imageCheck?.username || hosts.length < 2) return null;
  return misfit([
    sentence`\`registry_username\` and \`registry_password\` are for one registry, but the images are in ${joined(hosts, ' and ')}.`,
    sentence`Deploy the applications of each registry in a step of its own.`,
  ]);
}

/** Looks all of them up, each once; by keyOf(). */
async function findAll(
  images: readonly TaggedImage[],
  plan: DeployPlan,
  options: {
    transport: SendRequest;
    signal: AbortSignal;
    onEvent: (event: PreflightEvent) => void;
  },
): Promise<ReadonlyMap<string, Found>> {
  const { transport, signal, onEvent } = options;
  const { timeoutMs = 0, username = null, password = null } = plan.imageCheck ?? {};
  const credentials = username && password ? { username, password } : null;
  const latestMs = plan.timeoutMs - IMAGE_SPARE_MS;
  const endsAtMs = Math.min(performance.now() + timeoutMs, latestMs);
  // What can't be deployed any more waits for no other image.
  const ended = new AbortController();
  const clients = new Map<string, RegistryClient>();
  for (const { host } of images) {
    clients.set(host, clients.get(host) ?? createRegistryClient({ host, credentials, transport }));
  }

  async function find(image: TaggedImage): Promise<Found> {
    const client = clients.get(image.host) as RegistryClient;
    let toldAtMs = Number.NEGATIVE_INFINITY;
    const tell = (event: FindImageEvent) => {
      if (event.kind === 'retry') return onEvent(event);
      const nowMs = performance.now();
      if (nowMs - toldAtMs < HEARTBEAT_MS) return;
      toldAtMs = nowMs;
      const line = describeWaiting(image, event.answer, event.endsAtMs - nowMs);
      onEvent({ kind: 'image', line });
    };
    try {
      const isAwaited = !plan.dryRun;
      const finding = await findImage(image, {
        ...{ client, endsAtMs, latestMs, isAwaited, signal, ended: ended.signal, onEvent: tell },
      });
      const { answer } = finding;
      if (answer.kind !== 'found') {
        ended.abort('halted' satisfies InterruptReason);
        return { problem: withTime(imageNotFound(image, finding)) };
      }
      onEvent({ kind: 'image', line: describeFound(image, answer) });
      return { digest: answer.digest };
    } catch (error) {
      if (error instanceof Interrupted) return { interruption: error };
      if (!(error instanceof FailedRequest)) throw error;
      ended.abort('halted' satisfies InterruptReason);
      return { problem: withTime(imageNotChecked(image, error)) };
    }
  }

  /** With why it was not looked for as long as was asked, where the step's own time was short. */
  function withTime(problem: Failure): Failure {
    if (plan.dryRun || performance.now() < latestMs) return problem;
    return { ...problem, kind: 'timed_out', lines: [...problem.lines, shortTime(plan)] };
  }

  const each = new Map(images.map((image) => [keyOf(image), image]));
  const finds = [...each].map(async ([key, image]) => [key, await find(image)] as const);
  return new Map(await Promise.all(finds));
}

function keyOf({ host, path, tag }: TaggedImage): string {
  return `${host}/${path}:${tag}`;
}
