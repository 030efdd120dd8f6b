import * as items from './catalogue-items.ts';
import type { NodionClient, ReadOptions } from './client.ts';
import type { SendOptions } from './connection.ts';
import { field, list } from './read-fields.ts';

/** What {@link createCatalogue} makes. */
export type Catalogue = ReturnType<typeof createCatalogue>;

/** What applications can be made of, as Nodion lists it. A gateway or an older key may not have these endpoints. */
export function createCatalogue(client: NodionClient, reading: ReadOptions) {
  /** The list is called as the last part of the path. */
  async function read<T>(
    route: string,
    toItem: (item: unknown) => T,
    options: Pick<SendOptions, 'parameters' | 'list'> = {},
  ): Promise<T[]> {
    const name = route.slice(route.lastIndexOf('/') + 1);
    const toItems = (body: unknown) => list(field(body, name), toItem);
    return await client.get(route, toItems, { ...reading, ...options });
  }

  return {
    regions: () => read('GET /regions', items.toRegion),
    instanceTypes: () => read('GET /instance_types', items.toInstanceType),
    containerRegistries: () => read('GET /container_registries', items.toContainerRegistry),
    integrations: () => read('GET /integrations', items.toIntegration),
    /** @param id of an integration, a plain one. */
    repositories: (id: string) =>
      read('GET /integrations/{id}/repositories', items.toRepository, {
        parameters: { id },
        list: 'repositories',
      }),
    /** Those that Nodion knows of. @param id of an integration; it and that of its repository are plain ones. */
    branches: (id: string, repository_id: string) =>
      read('GET /integrations/{id}/repositories/{repository_id}/branches', items.toBranch, {
        parameters: { id, repository_id },
        list: 'branches',
      }),
  };
}
