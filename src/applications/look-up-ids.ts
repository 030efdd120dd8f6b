import { type Retry, retryRead } from '../http/retry.ts';
import { createCatalogue } from '../nodion/catalogue.ts';
import type { NodionClient } from '../nodion/client.ts';
import { NodionError } from '../nodion/errors.ts';
import { ours, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { Interrupted } from '../time/deadline.ts';
import { type GitParts, lookUpBranch } from './look-up-branch.ts';
import { NameProblem, pickNamed } from './pick-named.ts';

/** What an application is made of, by names, with the IDs that these go with; null for none. */
export interface Parts extends GitParts {
  /** Its slug. */
  readonly region: string | null;
  /** Its slug or name. */
  readonly instance_type: string | null;
  readonly container_registry: string | null;
}

type Named = readonly { readonly id: string; readonly name: string | null }[];

/**
 * The IDs of what is given by names, by the API's body parameters; asks for nothing where nothing is.
 *
 * @throws StepFailure that lists, for each name, what there is where nothing has it, and the IDs where several have.
 * @throws NodionError and Interrupted as retryRead(), with the inputs that need no look-up.
 */
export async function lookUpIds(
  parts: Parts,
  options: { client: NodionClient; signal: AbortSignal; onRetry: (retry: Retry) => void },
): Promise<Record<string, string>> {
  const catalogue = createCatalogue(options.client, { signal: options.signal, isFresh: true });

  async function read<T>(send: () => Promise<T>, inputs: string): Promise<T> {
    try {
      return await retryRead(send, options);
    } catch (error) {
      throw advising(error, inputs);
    }
  }

  async function partId(
    input: 'region' | 'instance_type' | 'container_registry',
    list: () => Promise<Named>,
  ): Promise<Record<string, string>> {
    const name = parts[input];
    if (name === null) return {};
    const idInput = `${input}_id`;
    const items = await read(list, `\`${idInput}\``);
    return {
      [idInput]: pickNamed(name, items, { kind: ours(input.replace('_', ' ')), idInput }).id,
    };
  }

  async function regions(): Promise<Named> {
    return (await catalogue.regions()).map(({ id, slug }) => ({ id, name: slug }));
  }

  /** By slugs and names; a name often is the slug in capitals. */
  async function instanceTypes(): Promise<Named> {
    return (await catalogue.instanceTypes()).flatMap(({ id, slug, name }) =>
      [...new Set([slug, name?.toLowerCase() ?? null])].map((one) => ({ id, name: one })),
    );
  }

  const found = await Promise.all(
    [
      partId('region', regions),
      partId('instance_type', instanceTypes),
      partId('container_registry', catalogue.containerRegistries),
      lookUpBranch(parts, catalogue, (send) =>
        read(send, '`integration_id`, `repository_id` and `branch_id`'),
      ),
    ].map((ids) => ids.catch(toProblem)),
  );
  const problems = found.filter((one) => one instanceof NameProblem);
  if (problems.length === 0) return Object.assign({}, ...found);
  throw new StepFailure('Not created', [
    ...problems.flatMap(({ lines }) => lines),
    sentence`Nothing was created.`,
  ]);
}

/** All names are looked up before the step fails; whatever else goes wrong ends it. */
function toProblem(error: unknown): NameProblem {
  if (error instanceof NameProblem) return error;
  throw error;
}

/** The error of a look-up, with the inputs that can do without. */
function advising(error: unknown, inputs: string): unknown {
  if (error instanceof NodionError) {
    return error.withAdvice(sentence`Or use ${ours(inputs)}: IDs are not looked up.`);
  }
  if (!(error instanceof Interrupted) || !error.lastError) return error;
  return new Interrupted(error.reason, advising(error.lastError, inputs) as Error);
}
