import { isImageTag } from '../nodion/connection-inputs.ts';
import type { Deployment } from '../nodion/responses.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { tagOf } from './attempt/find-candidates.ts';

/** What a rollback goes back to, or why there is nothing. */
export type WayBack =
  | { readonly to: Deployment; readonly tag: string }
  | { readonly problem: Sentence };

/**
 * What to go back to from a deployment of `tag` and `image` (null: not known), where `live` was live
 * before it (null: nothing was). A trigger takes a tag, so neither a digest alone nor another image is a
 * way back.
 */
export function findWayBack(
  live: Deployment | null,
  { tag, image }: { tag: string | null; image: string | null },
): WayBack {
  if (!live) return { problem: sentence`no earlier deployment is known to have been live` };
  const number = sentence`#${live.deploy_number}`;
  const liveTag = tagOf(live);
  if (liveTag === null || !isImageTag(liveTag)) {
    return {
      problem: sentence`${number}, which was live before, says no tag that can be deployed`,
    };
  }
  if (liveTag === tag) {
    return { problem: sentence`${number}, which was live before, is of the same tag, ${tag}` };
  }
  const liveImage = live.image_reference;
  if (image && liveImage && repositoryOf(image) !== repositoryOf(liveImage)) {
    return {
      problem: sentence`${number}, which was live before, is of another image, ${liveImage}`,
    };
  }
  return { to: live, tag: liveTag };
}

/** `registry:5000/name` of `registry:5000/name:tag@sha256:…`. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]+$/, '');
}
