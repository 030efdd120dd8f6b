import { getInput } from './commands.ts';
import { misspeltInputs } from './misspelt-inputs.ts';
import { nearestValue } from './nearest-value.ts';
import { redactSecrets } from './redact-secrets.ts';
import { foreign, ours, type Sentence, sentence } from './sentence.ts';

const EMPTY_SECRET = sentence` Is the secret behind it set? A secret is empty in workflows triggered from forks and by Dependabot, and one of an environment is empty in a job without that \`environment:\`.`;

interface DeclaredInput {
  readonly default: string;
  readonly secret?: boolean;
  readonly isAddress?: boolean;
  parse(text: string): unknown;
  advise?(text: string): Promise<Sentence | null>;
}

/** What is wrong with the inputs, a sentence each; none where the undeclared ones are like no declared one. */
export async function inputProblems(
  table: Readonly<Record<string, DeclaredInput>>,
  found: {
    undeclared: readonly string[];
    invalid: ReadonlyMap<string, { readonly message: string }>;
    between: readonly string[];
  },
): Promise<Sentence[]> {
  const invalid = [...found.invalid].map(([name, { message }]) =>
    describeInvalid(name, table[name], message),
  );
  return [
    ...misspeltInputs(found.undeclared, table),
    ...(await Promise.all(invalid)),
    ...found.between.map(ours),
  ];
}

async function describeInvalid(
  name: string,
  input: DeclaredInput | undefined,
  message: string,
): Promise<Sentence> {
  const label = sentence`\`${ours(name)}\``;
  if (message === '') return sentence`${label} is required.${input?.secret && EMPTY_SECRET}`;
  const said = sentence`is invalid; ${ours(message)}.`;
  if (!input || input.secret) return sentence`${label}: the value ${said}`;
  const text = getInput(name);
  const nearest = nearestValue(text, input);
  const advice =
    (await input.advise?.(text)) ?? (nearest !== null ? sentence`Write \`${nearest}\`.` : null);
  return sentence`${label}: "${shownValue(text, input)}" ${said}${advice && sentence` ${advice}`}`;
}

/** An address's user name and password, which end at its last `@`, are secrets too. */
function shownValue(text: string, { isAddress }: DeclaredInput): Sentence {
  const credentials = isAddress ? /^(https?:[/\\]*)?[\s\S]*@/i : /(:\/\/)[^\s/]*@/g;
  const withoutCredentials = redactSecrets(text).replace(credentials, '$1***@');
  return foreign(JSON.stringify(withoutCredentials).slice(1, -1), 200);
}
