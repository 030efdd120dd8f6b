import { needed, readFields } from './read-fields.ts';
import { LONGEST_TEXT } from './responses.ts';

export const INSTANCE = {
  id: LONGEST_TEXT,
  name: LONGEST_TEXT,
  status: LONGEST_TEXT,
  deployment: { id: LONGEST_TEXT, deploy_number: 'integer' },
} as const;

/** A running container and the deployment that it is of. */
export interface Instance {
  readonly name: string;
  readonly status: string;
  /** Null when the answer does not say. */
  readonly deployment: { readonly id: string; readonly deploy_number: number | null } | null;
}

/** @throws UndocumentedShape */
export function toInstance(item: unknown): Instance {
  const { id, name, status, deployment } = readFields(item, INSTANCE);
  return {
    name: name ?? id ?? 'without a name',
    status: needed(status, 'status'),
    deployment: deployment.id === null ? null : { ...deployment, id: deployment.id },
  };
}
