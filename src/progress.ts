import type { Deployment } from './nodion-client.ts';
import type { Hiccup } from './retry.ts';
import type { Rollout } from './verify-rollout.ts';

/** What the steps of a deployment report while they run; `deploy-log.ts` puts it into words. */
export type ProgressEvent =
  | { readonly kind: 'hiccup'; readonly hiccup: Hiccup }
  /** The trigger was not answered as documented: it is looked up before it is repeated. */
  | { readonly kind: 'trigger-unanswered'; readonly error: Error }
  | { readonly kind: 'trigger-repeated'; readonly attempt: number }
  /** The deployment to follow is known. */
  | { readonly kind: 'deployment'; readonly how: How; readonly deployment: Deployment }
  | { readonly kind: 'status'; readonly deployment: Deployment }
  /** A newer deployment of the same application has appeared. */
  | { readonly kind: 'overtaken'; readonly by: number }
  | { readonly kind: 'rollout'; readonly rollout: Rollout }
  /** The instances can't be had, so they are left out of the check of the rollout. */
  | { readonly kind: 'no-instances'; readonly error: Error };

/** How a deployment became ours: answered, found after a lost answer, or taken over (`reuse_existing`). */
export type How = 'triggered' | 'adopted' | 'reused';

export type Report = (event: ProgressEvent) => void;
