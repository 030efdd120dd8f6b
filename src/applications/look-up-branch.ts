import type { Catalogue } from '../nodion/catalogue.ts';
import { joined, type Sentence, sentence } from '../runner/sentence.ts';
import { NameProblem, pickNamed } from './pick-named.ts';
import { namedAs, nfc } from './same-name.ts';

/** What a Git-based application is built from; null for what is given in another way, or not needed. */
export interface GitParts {
  /** As `owner/name`. */
  readonly repository: string | null;
  /** With neither this nor `branch_id`, it is the default branch of `repository`. */
  readonly branch: string | null;
  /** With `repository`, the only integration in which that is looked up. */
  readonly integration_id: string | null;
  readonly repository_id: string | null;
  readonly branch_id: string | null;
}

const NOT_CONNECTED = sentence`A repository must be connected in Nodion's dashboard; without \`repository\` it is the workflow's own.`;
const NOT_SYNCHRONISED = sentence`Nodion lists a new branch only after it was synchronised in the dashboard.`;

/**
 * The IDs of the repository and the branch, by the API's body parameters; none where they are given.
 * @param read sends a look-up.
 * @throws NameProblem
 */
export async function lookUpBranch(
  parts: GitParts,
  catalogue: Catalogue,
  read: <T>(send: () => Promise<T>) => Promise<T>,
): Promise<Record<string, string>> {
  const { repository, branch, integration_id, repository_id, branch_id } = parts;
  if (repository !== null) {
    const { id, integration, default_branch } = await findRepository(repository);
    const ids = { integration_id: integration.id, repository_id: id };
    if (branch_id !== null) return ids;
    const name = branch ?? default_branch;
    if (name !== null) return { ...ids, branch_id: await findBranch(name, ids, repository) };
    throw new NameProblem(
      sentence`Nodion does not say which branch of ${repository} is the default one: use \`branch\`.`,
    );
  }
  if (branch === null || integration_id === null || repository_id === null) return {};
  return { branch_id: await findBranch(branch, { integration_id, repository_id }, repository_id) };

  async function findRepository(name: string) {
    const given = { id: integration_id ?? '', service_type: null, username: null };
    const integrations = integration_id ? [given] : await read(catalogue.integrations);
    const lists = integrations.map(async (integration) => {
      const repositories = await read(() => catalogue.repositories(integration.id));
      return repositories.map((one) => ({ ...one, name: one.full_name, integration }));
    });
    const repositories = (await Promise.all(lists)).flat();
    const holders = new Set(namedAs(name, repositories).map((one) => one.integration));
    if (holders.size > 1) {
      throw new NameProblem(
        sentence`More than one integration holds the repository "${name}": use \`integration_id\` as well, one of ${joined([...holders].map(describe), ', ')}.`,
      );
    }
    const where = integration_id && sentence` of the integration ${integration_id}`;
    const kind = sentence`repository${where}`;
    return pickNamed(name, repositories, { kind, idInput: 'repository_id', hint: NOT_CONNECTED });
  }

  async function findBranch(
    name: string,
    of: { integration_id: string; repository_id: string },
    shownAs: string,
  ): Promise<string> {
    const branches = await read(() => catalogue.branches(of.integration_id, of.repository_id));
    const kind = sentence`branch of ${shownAs}`;
    const how = { kind, idInput: 'branch_id', hint: NOT_SYNCHRONISED };
    // Git tells branches apart by case.
    return pickNamed(name, branches, { ...how, form: nfc }).id;
  }
}

/** Such as `1c1e4b7a-6d1f-4a52-9a57-0f6f2f1d2c3b (github, octo-org)`. */
function describe(integration: {
  id: string;
  service_type: string | null;
  username: string | null;
}): Sentence {
  const { id, service_type, username } = integration;
  const words = [service_type, username].filter((word) => word !== null);
  return sentence`${id}${words.length > 0 && sentence` (${joined(words, ', ')})`}`;
}
