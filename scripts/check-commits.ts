import { findBadMessages } from './commits.ts';

/**
 * `node scripts/check-commits.ts`, in CI: fails where a commit's message is not as CONTRIBUTING.md asks.
 * Node.js 24 runs it as it is, and it uses no package, so the job needs no `npm ci`.
 */

const problems = findBadMessages('.');
for (const problem of problems) console.log(problem);
if (problems.length > 0) process.exitCode = 1;
