import type { Target } from '../deploy/preflight/preflight.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';

/** What a dry run found out about targets, each with its name as messages show it. */
export function describeDryRun(
  targets: readonly (Pick<Target, 'healthBefore'> & { readonly name: Sentence })[],
): Sentence[] {
  const names = targets.map(({ name }) => name);
  return [
    sentence`The key can read ${joined(names, ', ')}, and the inputs fit.`,
    ...targets.flatMap(({ healthBefore, name }) =>
      healthBefore
        ? [
            sentence`The health check of ${name} is ${ours(healthBefore.verdict)} now, whatever the answer contains: ${healthBefore.phrase}.`,
          ]
        : [],
    ),
    sentence`Nothing was triggered. Whether the key may deploy can't be known without deploying.`,
  ];
}
