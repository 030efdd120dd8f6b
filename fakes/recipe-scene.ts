import type { FakeApplication, Phase } from './nodion/state.ts';
import { PROJECT_KEY } from './nodion/state.ts';
import type { Stage } from './stage.ts';

/** What a recipe of the pages meets. */
export interface RecipeScene {
  /** The recipe, with the addresses of this stage. */
  readonly yaml: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** Of `workflow_dispatch` and `workflow_call`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** `github.event`. */
  readonly event: Readonly<Record<string, unknown>>;
  /** The outputs of steps that use other actions, by their IDs. */
  readonly steps: Readonly<Record<string, { outputs: Readonly<Record<string, string>> }>>;
  /** Whether it makes an application. */
  readonly isCreating: boolean;
}

/**
 * Adds to the stage what the recipes of the READMEs and of docs/recipes.md name: applications that go live, a
 * registry, a server that says its version.
 * @param commits the one that is deployed, and the one that is live before.
 */
export async function setRecipeScene(
  { nodion, serve, serveRegistry }: Pick<Stage, 'nodion' | 'serve' | 'serveRegistry'>,
  recipe: string,
  commits: { readonly now: string; readonly before: string },
): Promise<RecipeScene> {
  const head = { git_sha: commits.now, commit_message: 'x', committer_name: 'y' };
  const life: Phase[] = [{ status: 'available', afterMs: 300 }];
  const addLive = (given: Partial<FakeApplication>) => {
    const application = nodion.addApplication({ head, life, ...given });
    nodion.addDeployment(application, { status: 'available', git_sha: commits.before });
  };
  nodion.addApplication({ id: '0ce705eb-fb11-485a-b380-82cdb8b97036', head, life });
  const proxy = nodion.addApplication({
    id: '5ff9b89f-c839-465d-88b9-32508a87a586',
    name: 'proxy',
    deployment_strategy: 'prebuilt_image',
    life,
  });
  nodion.addDeployment(proxy, { status: 'available', image_tag: 'v1.8.0' });
  for (const name of ['service-web', 'service-api', 'shop-staging', 'worker-1']) addLive({ name });
  nodion.addApplication({ name: 'preview', deployment_strategy: 'prebuilt_image', life });
  const isCreating = recipe.includes('create-application');
  if (!isCreating) addLive({ name: 'shop' });
  // It says its version, which is a commit or a tag.
  const site = await serve(() => ({ status: 200, body: `${commits.now} v2.0.0` }));
  const registry = await serveRegistry();
  registry.push('nginx', commits.now);
  return {
    yaml: recipe
      .replace(/(?<=verify_image[\s\S]* registry: )ghcr\.io$/m, registry.host)
      .replace(/https:\/\/[a-z.]+\.example\.com(?=\/version)/, site.url),
    secrets: { NODION_API_KEY: PROJECT_KEY, CHAT_WEBHOOK: `${site.url}/hook` },
    vars: { APPLICATION: 'shop' },
    inputs: { image_tag: 'v1.9.0', application: 'shop', environment: 'production' },
    event: {
      number: 7,
      release: { tag_name: 'v2.0.0' },
      workflow_run: { conclusion: 'success', head_sha: commits.now },
    },
    steps: { meta: { outputs: { version: '2.0.0', tags: 'ghcr.io/acme/shop:2.0.0' } } },
    isCreating,
  };
}
