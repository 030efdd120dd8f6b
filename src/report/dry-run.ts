import type { Target } from '../deploy/preflight/preflight.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { displayName } from './wording.ts';

/** What a dry run found out about targets. */
export function describeDryRun(targets: readonly Target[]): Sentence[] {
  const names = targets.map(displayName);
  return [
    sentence`The key can read ${joined(names, ', ')}, and the inputs fit.`,
    ...targets.flatMap((target) => {
      const { healthBefore } = target;
      return healthBefore
        ? [
            sentence`The health check of ${displayName(target)} is ${ours(healthBefore.verdict)} now (\`health_text\` is not looked for): ${healthBefore.phrase}.`,
          ]
        : [];
    }),
    sentence`Nothing was triggered. Whether the key may deploy can't be known without deploying.`,
  ];
}
