import type { FailedRequest } from '../../http/failed-request.ts';
import type { ImageFinding } from '../../registry/find-image.ts';
import type { TagAnswer } from '../../registry/registry-client.ts';
import { numberAdvice } from '../../registry/tag-advice.ts';
import { ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { formatDuration } from '../../time/duration.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { type Failure, failure } from './conclusion.ts';
import { timeoutOf } from './interruption.ts';

/** An image with its tag in a registry. */
export interface TaggedImage {
  /** Such as `ghcr.io`. */
  readonly host: string;
  /** Such as `acme/shop`. */
  readonly path: string;
  readonly tag: string;
}

/** Such as `ghcr.io/acme/shop:v2`, or `docker.io/nginx:1.25`. */
export function imageName(image: TaggedImage): Sentence {
  return sentence`${nameWithoutTag(image)}:${image.tag}`;
}

function nameWithoutTag({ host, path }: TaggedImage): Sentence {
  const shown = host === 'docker.io' ? path.replace(/^library\//, '') : path;
  return sentence`${`${host}/${shown}`}`;
}

/** That it is waited for, at most `leftMs` more. */
export function describeWaiting(image: TaggedImage, answer: TagAnswer, leftMs: number): Sentence {
  const most = wholeSeconds(Math.max(leftMs, 0));
  const why =
    answer.kind === 'hidden'
      ? sentence`which its registry does not show to these credentials (${answer.status})`
      : sentence`which is not in its registry yet`;
  return sentence`Waiting for ${imageName(image)}, ${why} (${most} at most)`;
}

/** That it is there. */
export function describeFound(
  image: TaggedImage,
  { digest, otherType }: Extract<TagAnswer, { kind: 'found' }>,
): Sentence {
  const type =
    otherType && sentence`; its manifest is of type ${otherType}, which is not an image's`;
  return sentence`${imageName(image)} is in its registry${digest && sentence` (${digest})`}${type}`;
}

/** Why it can't be deployed where it was not found, and what to do. */
export function imageNotFound(image: TaggedImage, finding: ImageFinding): Failure {
  const reason = finding.answer.kind === 'hidden' ? 'image_not_checked' : 'image_not_found';
  return failure(reason, 'Not deployed', notFoundLines(image, finding));
}

function notFoundLines(
  image: TaggedImage,
  { answer, looks, durationMs }: ImageFinding,
): Sentence[] {
  const { host, path, tag } = image;
  const often = looks > 1 && sentence`, checked ${looks} times in ${wholeSeconds(durationMs)}`;
  if (answer.kind !== 'hidden') {
    const advice = numberAdvice(tag);
    return [
      sentence`${nameWithoutTag(image)} has no tag "${tag}" (404${often}).`,
      sentence`Was the image pushed, and under that tag?`,
      ...(advice ? [advice] : []),
    ];
  }
  const { status } = answer;
  switch (answer.credentials) {
    case 'none':
      return [
        sentence`${host} does not show ${path} without credentials (${status}): it is private, or does not exist.`,
        sentence`Give \`registry_username\` and \`registry_password\`, or check the image's name.`,
      ];
    case 'unasked':
      return [
        sentence`${host} does not show ${path} (${status}), and asked for no credentials: the name or the tag may not exist there.`,
        sentence`Check the image's name and \`registry\`.`,
      ];
    case 'refused':
      return [
        sentence`${host} refused the credentials (${status}).`,
        sentence`Check \`registry_username\` and \`registry_password\`: they may be wrong or expired, or may not read ${path}.`,
      ];
    case 'accepted':
      return [
        sentence`${host} does not show ${path} to these credentials (${status}${often}): they may not read it, or it does not exist.`,
        sentence`Was the image pushed, and may \`registry_username\` read it?`,
      ];
  }
}

/** Why it can't be deployed where nobody knows whether it is there, and what to do. */
export function imageNotChecked(image: TaggedImage, error: FailedRequest): Failure {
  return failure('image_not_checked', 'Not deployed', [
    sentence`Whether ${imageName(image)} is in its registry is not known: ${error.summary}`,
    ...(error.advice ? [error.advice] : []),
  ]);
}

/** That there was no time for all of `image_timeout`. */
export function shortTime(plan: DeployPlan): Sentence {
  return sentence`It was looked for until ${timeoutOf(plan)} was about to expire: with a longer one, it is looked for as long as \`image_timeout\` says.`;
}

function wholeSeconds(ms: number): Sentence {
  return ours(formatDuration(Math.round(ms / 1_000) * 1_000));
}
