import { sentence } from '../runner/sentence.ts';
import { NodionError } from './errors.ts';
import { type Deployment, FINAL_STATUSES } from './responses.ts';

const IN_PROGRESS_STATUSES: readonly string[] = ['created', 'waiting'];

/** Whether Nodion is done with the deployment. An unknown status is not final. */
export function isFinal({ status }: Deployment): boolean {
  return FINAL_STATUSES.includes(status);
}

/** Whether Nodion is still at work on it, by a status that this action knows. */
export function isInProgress({ status }: Deployment): boolean {
  return IN_PROGRESS_STATUSES.includes(status);
}

/** Whether its status is one that this action knows. */
export function isKnown(deployment: Deployment): boolean {
  return isFinal(deployment) || isInProgress(deployment);
}

/** The one of the highest number; null for none. */
export function newest(deployments: readonly Deployment[]): Deployment | null {
  const highest = highestNumber(deployments);
  return deployments.find(({ deploy_number }) => deploy_number === highest) ?? null;
}

/** The live deployment: the newest `available` one; null for none. */
export function liveDeployment(deployments: readonly Deployment[]): Deployment | null {
  return newest(deployments.filter(({ status }) => status === 'available'));
}

/** The newest that is above the live one and not final: Nodion is at work on it; null for none. */
export function busyDeployment(deployments: readonly Deployment[]): Deployment | null {
  const live = liveDeployment(deployments)?.deploy_number ?? 0;
  return newest(deployments.filter((one) => one.deploy_number > live && !isFinal(one)));
}

/** The number of the live deployment, where it is newer than `deployment`; null where it is not. */
export function replacementOf(
  deployment: Deployment,
  deployments: readonly Deployment[],
): number | null {
  const number = liveDeployment(deployments)?.deploy_number ?? 0;
  return number > deployment.deploy_number ? number : null;
}

/** The highest `deploy_number`; 0 for no deployments. */
export function highestNumber(deployments: readonly Deployment[]): number {
  return deployments.reduce((highest, { deploy_number }) => Math.max(highest, deploy_number), 0);
}

/**
 * @throws NodionError where a list is an old one: it lacks what was there earlier, or shows as not final yet
 *   what was final.
 */
export function assertNotStale(earlier: Deployment, deployments: readonly Deployment[]): void {
  const now = deployments.find(({ id }) => id === earlier.id);
  if (!now) throw missingFromList(earlier.deploy_number);
  if (isFinal(now) || !isFinal(earlier)) return;
  throw new NodionError(
    sentence`The list shows deployment #${earlier.deploy_number} as "${now.status}", as it was before.`,
    { retryable: true },
  );
}

/** The list is an old one, since it lacks a deployment that was there. */
export function missingFromList(number: number): NodionError {
  return new NodionError(sentence`Deployment #${number} is missing from the list.`, {
    retryable: true,
  });
}

/**
 * Lists of one application are held side by side, and mostly say the same: what has not changed since the
 * last list is the same object in both.
 */
export function createSharing(): (deployments: readonly Deployment[]) => readonly Deployment[] {
  let last: readonly Deployment[] = [];
  return (deployments) => {
    last = deployments.map((one) => last.find((before) => isSame(before, one)) ?? one);
    return last;
  };
}

function isSame(one: Deployment, other: Deployment): boolean {
  if (one.id !== other.id) return false;
  const names = Object.keys(one) as (keyof Deployment)[];
  return names.every((name) => one[name] === other[name]);
}
