import type { Deployment } from '../../nodion/responses.ts';
import type { Interrupted } from '../../time/deadline.ts';

/** Nothing was triggered, since a deployment is in progress already, which `if_busy` does not ignore. */
export class Busy extends Error {
  readonly deployment: Deployment;
  /** What ended the wait for its end; null where it is not waited for. */
  readonly interruption: Interrupted | null;

  constructor(deployment: Deployment, interruption: Interrupted | null = null) {
    super(`#${deployment.deploy_number} is in progress`);
    this.name = 'Busy';
    this.deployment = deployment;
    this.interruption = interruption;
  }
}
