/**
 * What the bundle exports: each action, as a function that runs it to the end of the process. The two
 * small ones are chunks of their own, so that a deployment does not load them.
 */
export { deploy } from './deploy.ts';

export async function listApplications(): Promise<void> {
  const action = await import('./list-applications.ts');
  await action.listApplications();
}

export async function createApplication(): Promise<void> {
  const action = await import('./create-application.ts');
  await action.createApplication();
}
