import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

// Another name server needs a mount namespace of its own: Linux, as root.
const isPossible =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'true']).status === 0;

const ADDRESSES = ['127.0.0.153', '127.0.0.154', '127.0.0.155'];
const SILENT_SERVERS = `let missing = ${ADDRESSES.length};
  for (const address of ${JSON.stringify(ADDRESSES)})
    require('node:dgram').createSocket('udp4').bind(53, address, () => --missing || console.log('listening'));`;
const STEP = 'mount --bind "$RESOLV_CONF" /etc/resolv.conf && exec "$NODE" "$BUNDLE"';

(isPossible ? test : test.skip).each([
  ['One name server', ADDRESSES.slice(0, 1), ''],
  ['Three name servers and search domains', ADDRESSES, 'search a.test b.test c.test\n'],
])('%s without an answer do not hold the exit of a step', async (_, addresses, search) => {
  const folder = mkdtempSync(join(tmpdir(), 'name-server-'));
  const resolvConf = join(folder, 'resolv.conf');
  const lines = addresses.map((address) => `nameserver ${address}\n`);
  writeFileSync(resolvConf, lines.join('') + search);
  const server = spawn(process.execPath, ['-e', SILENT_SERVERS]);
  try {
    await new Promise((listening) => server.stdout.once('data', listening));
    const step = spawn('unshare', ['--mount', 'sh', '-c', STEP], {
      env: {
        PATH: process.env.PATH,
        RESOLV_CONF: resolvConf,
        NODE: process.execPath,
        BUNDLE: resolve('dist/index.js'),
        INPUT_API_KEY: 'nodion-project-key',
        INPUT_API_URL: 'https://nodion.test/v1',
        INPUT_APPLICATION_ID: '92955d4f-2e44-4e48-8cb6-9c6c434afebb',
        INPUT_TIMEOUT: '0.5s',
      },
    });
    let log = '';
    let toldAt = 0;
    step.stdout.setEncoding('utf8').on('data', (text) => {
      log += text;
      if (log.includes('expired before')) toldAt ||= performance.now();
    });
    const [status] = await once(step, 'close');
    expect(status).toBe(1);
    expect(log).toContain('The 0.5 s timeout expired before anything was triggered.');
    // Without the limit it is ten seconds and more.
    expect(performance.now() - toldAt).toBeLessThan(7_000);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
});
