import { deploy } from './actions/index.js';

await deploy();
