import { updateReadmes } from './readme.ts';

/** `npm run readme`: brings the tables in the READMEs up to date with each `action.yml`. */
updateReadmes();
