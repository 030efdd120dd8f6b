import { listApplications } from '../actions/index.js';

await listApplications();
