export type CatalogueEndpoint =
  | 'GET /regions'
  | 'GET /instance_types'
  | 'GET /integrations'
  | 'GET /integrations/:id/repositories'
  | 'GET /integrations/:id/repositories/:id/branches'
  | 'GET /container_registries'
  | 'GET /container_registries/:id';

interface FakeRegion {
  id: string;
  status: string;
  name: string;
  slug: string;
}

export interface FakeRepository {
  id: string;
  full_name: string;
  default_branch: string | null;
  branches: { id: string; name: string }[];
}

export interface FakeIntegration {
  id: string;
  service_type: string;
  username: string | null;
  repositories: FakeRepository[];
}

const FRANKFURT: FakeRegion = {
  id: '428d037e-9ba6-4dab-92bd-8d816c523126',
  status: 'available',
  name: 'Frankfurt, DE',
  slug: 'fra',
};

/** What applications can be made of. Tests change the lists as they like. */
export class FakeCatalogue {
  readonly regions: FakeRegion[] = [
    FRANKFURT,
    {
      id: '0b6f1d3c-2a52-4b7a-8a57-0f6f2f1d2c3b',
      status: 'available',
      name: 'New York, US',
      slug: 'nyc',
    },
  ];
  readonly instanceTypes = [
    { id: 'ccdcd297-702b-4f51-ad21-7ca481c08920', name: 'SB-G1-512MB', slug: 'sb-g1-512mb' },
    { id: '428c904f-db6b-4e89-9e90-741669155bd4', name: 'SB-G1-1GB', slug: 'sb-g1-1gb' },
  ];
  readonly integrations: FakeIntegration[] = [
    {
      id: '1c1e4b7a-6d1f-4a52-9a57-0f6f2f1d2c3b',
      service_type: 'github',
      username: 'octo-org',
      repositories: [
        {
          id: '2f0b6c1e-3a52-4b7a-9a57-0f6f2f1d2c3b',
          full_name: 'octo-org/octo-repo',
          default_branch: 'main',
          branches: [
            { id: '3e9d1f3a-6c1e-4b7a-9a57-0f6f2f1d2c3b', name: 'main' },
            { id: '4a7b6c1e-3a52-4b7a-9a57-0f6f2f1d2c3b', name: 'feature/cart' },
          ],
        },
      ],
    },
  ];
  readonly containerRegistries = [
    {
      id: '5d2c8e1f-7b3a-4c5d-9e6f-1a2b3c4d5e6f',
      status: 'available',
      registry_type: 'docker_hub',
      name: 'Docker Hub',
      hostname: 'docker.io',
    },
  ];

  addContainerRegistry(id: string, name: string, hostname = name): void {
    const registry = { id, status: 'available', registry_type: 'custom', name, hostname };
    this.containerRegistries.push(registry);
  }

  /** The host of the container registry of that ID, as references have it; Docker Hub's for none. */
  registryHost(id: string | null): string {
    const { hostname = 'docker.io' } = this.containerRegistries.find((one) => one.id === id) ?? {};
    return hostname.replace(/^https?:\/\/|\/$/g, '');
  }

  /** The region of that ID, which need not be listed. */
  region(id: string): Omit<FakeRegion, 'status'> {
    const { name, slug } = this.regions.find((one) => one.id === id) ?? FRANKFURT;
    return { id, name, slug };
  }

  /** The body of the answer to a request; null where there is no such endpoint, or nothing of that ID. */
  answer(endpoint: string, url: string): object | null {
    const [, , , id, , innerId] = url.split('/');
    const integration = this.integrations.find((one) => one.id === id);
    const repository = integration?.repositories.find((one) => one.id === innerId);
    const container_registry = this.containerRegistries.find((one) => one.id === id);
    switch (endpoint) {
      case 'GET /regions':
        return { regions: this.regions };
      case 'GET /instance_types':
        return { instance_types: this.instanceTypes };
      case 'GET /integrations':
        return { integrations: this.integrations.map(({ repositories, ...shown }) => shown) };
      case 'GET /integrations/:id/repositories':
        return integration
          ? { repositories: integration.repositories.map(({ branches, ...shown }) => shown) }
          : null;
      case 'GET /integrations/:id/repositories/:id/branches':
        return repository ? { branches: repository.branches } : null;
      case 'GET /container_registries':
        return { container_registries: this.containerRegistries };
      case 'GET /container_registries/:id':
        return container_registry ? { container_registry } : null;
      default:
        return null;
    }
  }
}

/** The path of such an endpoint without IDs; any other as it is. */
export function catalogueRoute(path: string): string {
  return path
    .replace(/^\/(container_registries|integrations)\/[^/]+/, '/$1/:id')
    .replace(/^(\/integrations\/:id\/repositories\/)[^/]+/, '$1:id');
}
