import { type Input, matching, optional } from '../runner/inputs.ts';
import { isImageTag } from './reference-grammar.ts';

/** An input that is an image's tag; null where it is left out. */
export const imageTag: Input<string | null> = {
  ...optional(
    matching(
      'an image tag: up to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`',
      isImageTag,
    ),
  ),
  advise: async (text) => (await import('./tag-advice.ts')).tagAdvice(text),
};
