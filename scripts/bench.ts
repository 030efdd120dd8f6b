import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { CERTIFICATE, PRIVATE_KEY, TRUST } from '../fakes/certificate.ts';
import { realClock } from '../fakes/clock.ts';
import type { FakeNodion } from '../fakes/nodion/server.ts';
import { type Endpoint, PROJECT_KEY } from '../fakes/nodion/state.ts';
import { PRINT_PEAK_MEMORY } from '../fakes/peak-memory.ts';
import { onStage, type Stage } from '../fakes/stage.ts';

/**
 * `npm run bench [-- FOLDER]`: what waiting for a deployment costs, as ratios in one run on one machine. Each
 * figure stands beside what we want to reach and, where there is one, the floor: the least that Node itself
 * takes. With the folder of another checkout its build is measured by turns.
 */

const [other = null] = process.argv.slice(2);

const PAIRS = 25;
const MINUTE_MS = 60_000;
const BUNDLE = 'dist/index.js';
const ENDPOINTS: readonly Endpoint[] = [
  'GET /applications/:id',
  'GET /applications/:id/deployments',
  'POST /applications/:id/deployments',
];
interface Row {
  readonly figure: string;
  readonly reach: string;
  readonly measured: string;
  readonly floor: string;
}

const rows: Row[] = [];

/** Milliseconds of a whole process, and what it wrote to standard error. */
async function time(args: readonly string[], env: Record<string, string> = {}) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  await new Promise((resolve) => child.on('close', resolve));
  return { ms: performance.now() - startedAt, stderr };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The median of the ratios of `PAIRS` pairs, run in turn. */
async function ratio(subject: () => Promise<number>, base: () => Promise<number>): Promise<number> {
  const ratios: number[] = [];
  await subject();
  await base();
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const numerator = await subject();
    ratios.push(numerator / (await base()));
  }
  return median(ratios);
}

const times = (value: number) => `${value.toFixed(2)} ×`;
const bare = async () => (await time(['-e', '0'])).ms;

function benchSize(): void {
  const archive = gzipSync(execFileSync('git', ['archive', 'HEAD'], { maxBuffer: 2 ** 28 }));
  const loaded = [BUNDLE, 'dist/actions/index.js'].map((file) => readFileSync(file).length);
  const kB = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`;
  rows.push(
    {
      figure: 'what a job downloads: the archive of HEAD',
      reach: '≤ 120 kB',
      measured: kB(archive.length),
      floor: '–',
    },
    {
      figure: 'what a deployment loads',
      reach: '≤ 95 kB',
      measured: kB(loaded.reduce((sum, bytes) => sum + bytes, 0)),
      floor: '–',
    },
  );
}

async function benchOther(): Promise<void> {
  if (!other) return;
  const start = (folder: string) => async () => (await time([join(folder, BUNDLE)])).ms;
  rows.push({
    figure: 'start-up to the failure on missing inputs, to the other build',
    reach: '≤ 1.03 ×',
    measured: times(await ratio(start('.'), start(other))),
    floor: '–',
  });
}

async function benchStartUp(): Promise<void> {
  const hello = await ratio(async () => (await time(['-e', 'console.log(0)'])).ms, bare);
  rows.push({
    figure: 'start-up to the failure on missing inputs, to `node -e 0`',
    reach: '≤ 1.75 ×',
    measured: times(await ratio(async () => (await time([BUNDLE])).ms, bare)),
    floor: `${times(hello)} for console.log(0)`,
  });
}

async function benchMemory(): Promise<void> {
  const peak = async (...args: string[]) => {
    const { stderr } = await time([PRINT_PEAK_MEMORY, ...args]);
    return Number(stderr);
  };
  rows.push({
    figure: 'peak memory, to `node -e 0`',
    reach: '≤ 1.6 ×',
    measured: times(
      await ratio(
        () => peak(BUNDLE),
        () => peak('-e', '0'),
      ),
    ),
    floor: '1.00 ×',
  });
}

async function benchTrigger(nodion: FakeNodion): Promise<void> {
  const application = nodion.addApplication();
  const url = `${nodion.url}/applications/${application.id}`;
  const env = {
    INPUT_API_KEY: PROJECT_KEY,
    INPUT_API_URL: nodion.url,
    INPUT_APPLICATION_ID: application.id,
    INPUT_WAIT: 'false',
    GITHUB_OUTPUT: '/dev/null',
    GITHUB_STEP_SUMMARY: '/dev/null',
  };
  const script = (read: string) => `const headers = { authorization: 'Bearer ${PROJECT_KEY}' };
    ${read}
    Promise.all([read(''), read('/deployments')])
      .then(() => read('/deployments', { method: 'POST' }))
      .then((answer) => console.log(answer.deployment.id));`;
  const withFetch = script(`const read = async (path, init) =>
    (await fetch('${url}' + path, { headers, ...init })).json();`);
  const withHttp = script(`const http = require('node:http');
    const agent = new http.Agent({ keepAlive: true });
    const read = (path, init) => new Promise((resolve, reject) => {
      http.request('${url}' + path, { headers, agent, ...init }, async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve(JSON.parse(text));
      }).on('error', reject).end();
    });`);
  const exits: number[] = [];
  const subject = async () => {
    application.deployments = [];
    const { ms } = await time([BUNDLE], env);
    exits.push(performance.now() - nodion.lastAnswerAt);
    return ms;
  };
  const base = (code: string) => async () => {
    application.deployments = [];
    return (await time(['-e', code])).ms;
  };
  const before = nodion.requests.length;
  await subject();
  const requests = nodion.requests.length - before;
  rows.push(
    {
      figure: 'trigger with `wait: false`, to a bare script of the same requests by fetch',
      reach: '≤ 0.7 ×, 3 requests',
      measured: `${times(await ratio(subject, base(withFetch)))}, ${requests} requests`,
      floor: `${times(await ratio(base(withFetch), bare))} for that script to \`node -e 0\``,
    },
    {
      figure: 'the same, to a bare script by node:http',
      reach: '–',
      measured: times(await ratio(subject, base(withHttp))),
      floor: `${times(await ratio(base(withHttp), bare))} for that script to \`node -e 0\``,
    },
  );
  rows.push({
    figure: 'exit after the last answer',
    reach: '≤ 50 ms',
    measured: `${median(exits).toFixed(0)} ms`,
    floor: '–',
  });
}

/** How long after its start a process has triggered, over TLS with 20 ms each way; without a name to look up. */
async function benchDistance({ nodion }: Stage): Promise<void> {
  const application = nodion.addApplication();
  const { port } = new URL(nodion.url);
  const pass = (from: Socket, to: Socket, ms: number) => {
    from.on('data', (data) => setTimeout(() => to.write(data), ms));
    from.on('close', () => setTimeout(() => to.destroy(), ms)).on('error', () => {});
  };
  const front = createTlsServer({ key: PRIVATE_KEY, cert: CERTIFICATE }, (socket) => {
    const behind = connect(Number(port), '127.0.0.1');
    pass(socket, behind, 0);
    pass(behind, socket, 0);
  });
  // A connection takes a round trip, too.
  const relay = createServer({ pauseOnConnect: true }, (socket) => {
    setTimeout(() => {
      const behind = connect((front.address() as AddressInfo).port, '127.0.0.1');
      pass(socket, behind, 20);
      pass(behind, socket, 20);
      socket.resume();
    }, 40);
  });
  for (const server of [front, relay]) await new Promise<void>((done) => server.listen(0, done));
  const api = `https://127.0.0.1:${(relay.address() as AddressInfo).port}/v1`;
  const env = {
    ...TRUST,
    INPUT_API_KEY: PROJECT_KEY,
    INPUT_API_URL: api,
    INPUT_APPLICATION_ID: application.id,
    GITHUB_OUTPUT: '/dev/null',
    GITHUB_STEP_SUMMARY: '/dev/null',
  };
  const url = `${api}/applications/${application.id}`;
  const script = `const https = require('node:https');
    const agent = new https.Agent({ keepAlive: true });
    const headers = { authorization: 'Bearer ${PROJECT_KEY}' };
    const read = (path, init) => new Promise((resolve, reject) => {
      https.request('${url}' + path, { headers, agent, ...init }, async (response) => {
        for await (const _ of response);
        resolve();
      }).on('error', reject).end();
    });
    Promise.all([read(''), read('/deployments')]).then(() => read('/deployments', { method: 'POST' }));`;
  const triggered = (args: readonly string[]) => async () => {
    application.deployments = [];
    const startedAt = performance.now();
    const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    while (application.deployments.length === 0) await realClock.sleep(1);
    const ms = performance.now() - startedAt;
    child.kill('SIGKILL');
    return ms;
  };
  rows.push({
    figure:
      'with `wait: true`, until the trigger over TLS at 40 ms, to a bare script by node:https',
    reach: '≤ 1.04 ×',
    measured: times(await ratio(triggered([BUNDLE]), triggered(['-e', script]))),
    floor: '–',
  });
  if (other) {
    const theirs = triggered([join(other, BUNDLE)]);
    rows.push({
      figure: 'the same, to the other build',
      reach: '≤ 1.03 ×',
      measured: times(await ratio(triggered([BUNDLE]), theirs)),
      floor: '–',
    });
  }
  front.close();
  relay.close();
}

/** Lists of 16 MiB that say nothing. */
async function benchOddLists({ nodion, deploy }: Stage): Promise<void> {
  const text = `{"deployments":[${Array(5_592_000).fill('{}').join()}]}`;
  const env = {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(
      "process.on('exit',()=>console.error(process.cpuUsage().user/1000))",
    )}`,
  };
  const applications = Array.from({ length: 8 }, () => nodion.addApplication());
  const run = async (count: number, timeout: string) => {
    const some = applications.slice(0, count);
    for (const of of some) {
      nodion.fail({
        on: 'GET /applications/:id/deployments',
        ...{ of, times: 99 },
        fault: { kind: 'answer', status: 200, body: text, carriedOut: false },
      });
    }
    const application_id = some.map(({ id }) => id).join();
    const { stderr } = await deploy(null, {
      env,
      inputs: { application_id, timeout },
    });
    nodion.recover();
    return Number(stderr);
  };
  const idle = await run(1, '1s');
  const startedAt = performance.now();
  JSON.parse(text);
  const parseMs = performance.now() - startedAt;
  rows.push({
    figure:
      'processor time of a 25 s step that reads eight lists of 16 MiB of `{}` again and again',
    reach: '≤ 4 s',
    measured: `${((await run(8, '25s')) / 1_000).toFixed(1)} s`,
    floor: `${(parseMs / 1_000).toFixed(1)} s for JSON.parse of one; ${(idle / 1_000).toFixed(1)} s for a step of 1 s with one`,
  });
}

/** 50 applications in one step. */
async function benchMany({ nodion, deploy }: Stage): Promise<void> {
  const applications = Array.from({ length: 50 }, () => nodion.addApplication());
  const application_id = applications.map(({ id }) => id).join();
  const one = nodion.addApplication();
  // On loopback none would wait for another.
  for (const on of ENDPOINTS) {
    nodion.fail({ on, fault: { kind: 'delay', ms: 20 }, times: Number.POSITIVE_INFINITY });
  }
  const run = async (ids: string) =>
    (await deploy(null, { inputs: { application_id: ids, wait: 'false' } })).durationMs;
  const before = nodion.requests.length;
  nodion.mostRequestsAtOnce = 0;
  await run(application_id);
  const requests = nodion.requests.length - before;
  rows.push({
    figure: '50 applications with `wait: false`, to one',
    reach: '8 requests at once, 4 for each application',
    measured: `${times(
      await ratio(
        () => run(application_id),
        () => run(one.id),
      ),
    )}, ${nodion.mostRequestsAtOnce} at once, ${requests} requests`,
    floor: '–',
  });
  nodion.recover();
}

/** 50 and 200 applications that go live after a minute, at 100 ms a request, with 500 old deployments each. */
async function benchRollouts({ nodion, deploy }: Stage): Promise<void> {
  const all = Array.from({ length: 200 }, () => {
    const application = nodion.addApplication({
      life: [
        { status: 'waiting', afterMs: 0 },
        { status: 'available', afterMs: MINUTE_MS },
      ],
    });
    for (let old = 0; old < 500; old += 1) {
      nodion.addDeployment(application, { status: 'expired', deploy_number: old + 1 });
    }
    return application;
  });
  const env = { NODE_OPTIONS: PRINT_PEAK_MEMORY };
  for (const on of [...ENDPOINTS, 'GET /applications/:id/domains'] as const) {
    nodion.fail({ on, fault: { kind: 'delay', ms: 100 }, times: Number.POSITIVE_INFINITY });
  }
  async function roll(count: number, action: string) {
    const some = all.slice(0, count);
    const before = nodion.requests.length;
    const startedAt = Date.now();
    const run = await deploy(null, {
      ...{ action, env },
      inputs: { application_id: some.map(({ id }) => id).join(), poll_interval: '3s' },
    });
    const lastTriggerAt = Math.max(...some.map((one) => one.deployments[0]?.triggeredAt ?? 0));
    return {
      trigger: lastTriggerAt - startedAt,
      lag: Date.now() - lastTriggerAt - MINUTE_MS,
      requests: (nodion.requests.length - before) / count,
      peak: Number(run.stderr),
    };
  }
  for (const action of other ? ['.', other] : ['.']) {
    const one = await roll(1, action);
    for (const count of [50, 200]) {
      const { trigger, lag, requests, peak } = await roll(count, action);
      const s = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
      const build = action === '.' ? '' : ' (the other build)';
      rows.push(
        {
          figure: `${count} applications at 100 ms a request: the last trigger${build}`,
          reach: count === 200 ? '≤ 8 s' : '–',
          measured: s(trigger),
          floor: `${s((count / 8) * 200)}: a list and a trigger for each, 8 at once`,
        },
        {
          figure: `the end, after the last is live${build}`,
          reach: `≤ ${s(4_500 + (count / 8) * 100)}`,
          measured: s(lag),
          floor: '–',
        },
        {
          figure: `requests for each, to those of one alone${build}`,
          reach: '≤ 1 ×',
          measured: `${requests.toFixed(1)} : ${one.requests.toFixed(1)}`,
          floor: '–',
        },
        {
          figure: `peak memory, to that of one alone${build}`,
          reach: '≤ 1.6 ×',
          measured: `${times(peak / one.peak)}, ${peak} MB`,
          floor: '1.00 ×',
        },
      );
    }
  }
  nodion.recover();
}

/** One run for each final time from 1 to 30 s, side by side: they mostly sleep. */
async function benchWait({ nodion, deploy }: Stage): Promise<void> {
  nodion.etags = true;
  const seconds = Array.from({ length: 30 }, (_, index) => index + 1);
  const runs = await Promise.all(
    seconds.map(async (second) => {
      const application = nodion.addApplication({
        life: [
          { status: 'waiting', afterMs: 0 },
          { status: 'available', afterMs: second * 1_000 },
        ],
      });
      for (let old = 0; old < 500; old += 1) {
        nodion.addDeployment(application, { status: 'expired', deploy_number: old + 1 });
      }
      await deploy(application, { inputs: { poll_interval: '3s' } });
      const endedAt = Date.now();
      const finalAt = (application.deployments[0]?.triggeredAt ?? 0) + second * 1_000;
      const lists = nodion.requests.filter(
        ({ method, url }) => method === 'GET' && url.includes(`${application.id}/deployments`),
      );
      return {
        lag: endedAt - finalAt,
        looks: lists.length - 1,
        whole: lists.filter(({ status }) => status === 200).length,
      };
    }),
  );
  const mean = runs.reduce((sum, { lag }) => sum + lag, 0) / runs.length;
  const longest = runs.at(-1);
  rows.push(
    {
      figure: 'mean lag over final times from 1 to 30 s',
      reach: '≤ 1.7 s',
      measured: `${(mean / 1_000).toFixed(2)} s`,
      floor: '1.50 s, half a poll interval',
    },
    { figure: 'looks in 30 s', reach: '≤ 14', measured: `${longest?.looks}`, floor: '–' },
    {
      figure: 'whole lists fetched in 30 s, with 500 old deployments and ETags',
      reach: '≤ 5',
      measured: `${longest?.whole}`,
      floor: '3: before, after the trigger, at the end',
    },
  );
}

benchSize();
await benchStartUp();
await benchOther();
await benchMemory();
await onStage(realClock, async (stage) => {
  await benchTrigger(stage.nodion);
  await benchDistance(stage);
  await benchOddLists(stage);
  await benchMany(stage);
  await benchWait(stage);
  await benchRollouts(stage);
});

console.log(`Node ${process.version}, medians of ${PAIRS} pairs\n`);
console.log('| figure | reach | measured | floor |\n| --- | --- | --- | --- |');
for (const { figure, reach, measured, floor } of rows) {
  console.log(`| ${figure} | ${reach} | ${measured} | ${floor} |`);
}
