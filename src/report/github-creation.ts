import { context } from '@actions/github';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { singleLine } from '../runner/untrusted-text.ts';
import { GitHubError, type GitHubRequest, withRetries } from './github-api.ts';

/** GitHub cuts a description off after so many characters. */
export const LONGEST_DESCRIPTION = 140;

/** A GitHub deployment that is to be made. */
export interface NewDeployment {
  readonly environment: string;
  readonly description: string;
  /** Null where the workflow's own commit has to do. */
  readonly commit: string | null;
  readonly payload: object;
  /** A part of `payload` that no other GitHub deployment has. */
  readonly key: string;
}

/** The making of a GitHub deployment, by https://docs.github.com/rest/deployments. */
export interface Creation {
  /** Its ID. @throws GitHubError, Interrupted */
  create(wanted: NewDeployment): Promise<number>;
  /** Whether a request was sent of which nobody knows what became. */
  isInDoubt(): boolean;
}

/** A hiccup is tried again until `signal` aborts; where its answer was lost, it is looked for before that. */
export function createCreation(request: GitHubRequest, signal: AbortSignal): Creation {
  let isInDoubt = false;

  async function findExisting({ environment, key }: NewDeployment): Promise<number | null> {
    const parameters = { environment, per_page: 30 };
    const list = await request('GET /repos/{owner}/{repo}/deployments', parameters, signal);
    const found = Array.isArray(list) && list.find((one) => isMarked(one?.payload, key));
    return typeof found?.id === 'number' ? found.id : null;
  }

  async function post(parameters: Record<string, unknown>): Promise<number> {
    try {
      const route = 'POST /repos/{owner}/{repo}/deployments';
      const { id }: { id?: unknown } = await request(route, parameters, signal);
      if (typeof id === 'number') return id;
    } catch (error) {
      isInDoubt ||= !(error instanceof GitHubError) || error.mayHaveEffect;
      throw error;
    }
    isInDoubt = true;
    const summary = sentence`GitHub's answer names no deployment.`;
    throw new GitHubError(summary, { retryable: true, mayHaveEffect: true });
  }

  function make(wanted: NewDeployment, ref: string, description: string): Promise<number> {
    return withRetries(signal, async () => {
      const existing = isInDoubt ? await findExisting(wanted) : null;
      if (existing !== null) return existing;
      return await post({
        ...{ ref, environment: wanted.environment, payload: wanted.payload },
        description: singleLine(description, LONGEST_DESCRIPTION),
        ...{ auto_merge: false, required_contexts: [] },
        ...kindOf(wanted.environment),
      });
    });
  }

  return {
    create: async (wanted) => {
      const { commit, description } = wanted;
      const own = ownCommit();
      try {
        return await make(wanted, commit ?? own, description);
      } catch (error) {
        // `No ref found for: …`
        const isUnknown =
          error instanceof GitHubError && error.status === 422 && /\bref\b/i.test(error.message);
        if (!isUnknown || commit === null || commit === own) throw error;
        const unknown = `Commit ${commit.slice(0, 7)} is not known to GitHub.`;
        return await make(wanted, own, `${unknown} ${description}`);
      }
    },
    isInDoubt: () => isInDoubt,
  };
}

/** The commit that the workflow runs for. */
function ownCommit(): string {
  // The merge commit that a pull request's workflow runs on belongs to no branch.
  return context.payload?.pull_request?.head?.sha ?? context.sha;
}

function kindOf(environment: string) {
  const isProduction = isProductionName(environment);
  const isTransient = Boolean(context.payload?.pull_request) && !isProduction;
  return { production_environment: isProduction, transient_environment: isTransient };
}

/** Whether an environment is one of production by its name, such as `eu-production`, `web/prod` or `live`. */
function isProductionName(name: string): boolean {
  const parts = name.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const has = (...words: string[]) => words.some((word) => parts.includes(word));
  return has('production', 'prod', 'live') && !has('non', 'not', 'no', 'pre');
}

function isMarked(payload: unknown, key: string): boolean {
  return JSON.stringify(payload ?? null).includes(key);
}

/** Why there can be no GitHub deployment here; null for no reason. */
export function whyUnavailable(apiUrl: string, token: string): Sentence | null {
  const { FORGEJO_ACTIONS, GITEA_ACTIONS, ACT, GITHUB_REPOSITORY = '' } = process.env;
  // Forgejo sets the variable of Gitea, too.
  const engine = FORGEJO_ACTIONS ? 'Forgejo' : GITEA_ACTIONS ? 'Gitea' : null;
  if (engine) return sentence`the workflow runs on ${engine}, which has no GitHub deployments.`;
  // A checkout without a remote passes for act's own repository.
  if (ACT) return sentence`act runs the workflow, perhaps for another repository than it seems.`;
  if (token === '') return sentence`\`github_token\` is empty.`;
  if (!/^https?:\/\//.test(apiUrl) || !URL.canParse(apiUrl)) {
    return sentence`\`GITHUB_API_URL\` is not a URL: "${apiUrl}".`;
  }
  const isNamed = /^[^\s/]+\/[^\s/]+$/.test(GITHUB_REPOSITORY);
  return isNamed ? null : sentence`\`GITHUB_REPOSITORY\` names no repository.`;
}
