import { createApplication } from '../actions/index.js';

await createApplication();
