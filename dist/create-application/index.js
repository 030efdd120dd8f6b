const found = process.versions.node;
const [major, minor] = found.split('.').map(Number);
if (major > 20 || (major === 20 && minor >= 19)) {
  const { createApplication } = require('../actions/index.js');
  createApplication();
} else {
  console.log(
    `::error title=Node.js is too old::This action needs Node.js 20.19 or newer, and was started with Node.js ${found}: install a newer one on the runner, or in the job's container; act, Forgejo and Gitea take the first node on PATH.`,
  );
  process.exitCode = 1;
}
