import { getInput } from './commands.ts';
import { misspeltInputs } from './misspelt-inputs.ts';
import { redactSecrets } from './redact-secrets.ts';
import { foreign, ours, type Sentence, sentence } from './sentence.ts';

const EMPTY_SECRET = sentence` Is the secret behind it set? A secret is empty in workflows triggered from forks and by Dependabot.`;

/** What is wrong with the inputs, a sentence each; none where the undeclared ones are like no declared one. */
export function inputProblems(
  table: Readonly<Record<string, { readonly default: string; readonly secret?: boolean }>>,
  found: {
    undeclared: readonly string[];
    invalid: ReadonlyMap<string, { readonly message: string }>;
    between: readonly string[];
  },
): Sentence[] {
  return [
    ...misspeltInputs(found.undeclared, table),
    ...[...found.invalid].map(([name, { message }]) => {
      const isSecret = table[name]?.secret;
      const label = sentence`\`${ours(name)}\``;
      if (message === '') return sentence`${label} is required.${isSecret && EMPTY_SECRET}`;
      const shown = isSecret ? sentence`the value` : sentence`"${shownValue(getInput(name))}"`;
      return sentence`${label}: ${shown} is invalid; ${ours(message)}.`;
    }),
    ...found.between.map(ours),
  ];
}

/** An address's user name and password, which end at its last `@`, are secrets too. */
function shownValue(text: string): Sentence {
  const withoutCredentials = redactSecrets(text).replace(/^(https?:[/\\]*)?[\s\S]*@/i, '$1***@');
  return foreign(JSON.stringify(withoutCredentials).slice(1, -1), 200);
}
