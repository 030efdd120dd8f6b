import { parseJson } from '../http/parse-json.ts';
import { needed, optional } from './read-fields.ts';
import { isUuid, toWholeApplication, type WholeApplication } from './responses.ts';

/** What is known of an application that was created; null: not that. */
export interface CreatedApplication {
  readonly id: string | null;
  readonly application: WholeApplication | null;
}

/** What the answer to a creation says of it, which may be nothing. */
export function readCreated(text: string): CreatedApplication {
  let id: string | null = null;
  try {
    const body = parseJson(text);
    const described = optional(body, 'application') ?? body;
    const word = optional(described, 'id');
    if (typeof word === 'string' && isUuid(word)) id = word;
    // One without a name is no description of it.
    needed(optional(described, 'name') || null, 'name');
    return { id, application: toWholeApplication(described) };
  } catch {
    return { id, application: null };
  }
}
