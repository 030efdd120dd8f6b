import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

// Another name server needs a mount namespace of its own: Linux, as root.
const isPossible =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'true']).status === 0;

const SILENT_SERVER =
  "require('node:dgram').createSocket('udp4').bind(53, '127.0.0.153', () => console.log('listening'))";
const STEP = 'mount --bind "$RESOLV_CONF" /etc/resolv.conf && exec "$NODE" "$BUNDLE"';

(isPossible ? test : test.skip)(
  'A name server that never answers does not hold the exit of a step',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'name-server-'));
    const resolvConf = join(folder, 'resolv.conf');
    writeFileSync(resolvConf, 'nameserver 127.0.0.153\n');
    const server = spawn(process.execPath, ['-e', SILENT_SERVER]);
    try {
      await new Promise((listening) => server.stdout.once('data', listening));
      const startedAt = performance.now();
      const step = spawnSync('unshare', ['--mount', 'sh', '-c', STEP], {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          RESOLV_CONF: resolvConf,
          NODE: process.execPath,
          BUNDLE: resolve('dist/index.js'),
          INPUT_API_KEY: 'nodion-project-key',
          INPUT_API_URL: 'https://nodion.test/v1',
          INPUT_APPLICATION_ID: '92955d4f-2e44-4e48-8cb6-9c6c434afebb',
          INPUT_TIMEOUT: '2s',
        },
      });
      expect(step.status).toBe(1);
      expect(step.stdout).toContain('The timeout of 2 s was over before anything was triggered.');
      // Without the limit it is ten seconds.
      expect(performance.now() - startedAt).toBeLessThan(7_000);
    } finally {
      server.kill();
      rmSync(folder, { recursive: true });
    }
  },
);
