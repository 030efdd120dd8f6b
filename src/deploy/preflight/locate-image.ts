import { newest } from '../../nodion/deployments.ts';
import type { Deployment, DeploymentList } from '../../nodion/responses.ts';
import { parseReference } from '../../registry/image-reference.ts';
import { registryHost } from '../../registry/registry-host.ts';
import { foreign, type Sentence, sentence } from '../../runner/sentence.ts';
import { type Failure, failure, misfit } from '../conclusion/conclusion.ts';
import type { TaggedImage } from '../conclusion/describe-image.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import type { Target } from './preflight.ts';

/** What Nodion deploys by default where an application names no tag. */
const DEFAULT_TAG = 'latest';

/**
 * Where the image is that is going to be deployed, or why that can't be said.
 * @param hostname of the application's registry, as Nodion says it; null where it does not, undefined where
 *   that can't be read.
 */
export function locateImage(
  { application, name: called, deployments }: Target,
  { imageCheck, match }: Pick<DeployPlan, 'imageCheck' | 'match'>,
  hostname: string | null | undefined,
): TaggedImage | { readonly problem: Failure } {
  const name = foreign(called);
  const asked = imageCheck?.registry ? registryHost(imageCheck.registry) : null;
  const said = hostname ? registryHost(hostname) : null;
  if (asked !== null && said !== null && asked !== said) {
    return {
      problem: misfit([
        sentence`\`registry\`: "${asked}" is not where Nodion pulls the image of ${name} from, which is ${said}.`,
        sentence`Nodion goes by its own setting: correct \`registry\`, or the application's registry in the dashboard.`,
      ]),
    };
  }
  if (!application && (match.imageTag === null || imagesOf(deployments).length === 0)) {
    return {
      problem: notChecked([
        sentence`Application ${name} could not be read, so it is not known which image is to be deployed there.`,
        sentence`Check the key behind \`api_key\`: its scopes must cover reading applications.`,
      ]),
    };
  }
  const deployed = newest(imagesOf(deployments));
  const earlier = parseReference(deployed?.image_reference ?? '');
  const host = asked ?? said ?? (earlier && registryHost(earlier.host));
  if (host === null) {
    return {
      problem: misfit([
        sentence`It is not known in which registry the image of ${name} is: ${hostname === undefined ? sentence`its registry at Nodion can't be read` : sentence`Nodion names none`}, and no earlier deployment says it.`,
        sentence`Give its host in \`registry\`${hostname === undefined && sentence`, or run the job again`}.`,
      ]),
    };
  }
  const path = application?.image_name ?? earlier?.path ?? null;
  if (path === null) {
    return {
      problem: notChecked([
        sentence`Nodion does not say which image ${name} is of: check it in the dashboard.`,
      ]),
    };
  }
  const tag = match.imageTag ?? application?.image_tag ?? DEFAULT_TAG;
  const begins = path.toLowerCase().startsWith(`${host}/`);
  const reference = `${begins ? path : `${host}/${path}`}:${tag}`;
  const parsed = parseReference(reference);
  if (parsed?.host !== host || parsed.tag !== tag || parsed.digest !== null) {
    return {
      problem: notChecked([
        sentence`"${reference}", which is to be deployed to ${name}, is no image with a tag: it can't be looked up.`,
        sentence`Check the application's image name in the dashboard.`,
      ]),
    };
  }
  return { host, path: parsed.path, tag };
}

function imagesOf(list: DeploymentList | null): Deployment[] {
  return (list?.deployments ?? []).filter(({ image_reference }) => image_reference !== null);
}

function notChecked(lines: readonly Sentence[]): Failure {
  return failure('image_not_checked', 'Not deployed', lines);
}
