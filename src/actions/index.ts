/** What the bundle exports: each action, as a function that runs it to the end of the process. */
export { createApplication } from './create-application.ts';
export { deploy } from './deploy.ts';
export { listApplications } from './list-applications.ts';
