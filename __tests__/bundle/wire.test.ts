import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import type { Clock } from '../../fakes/clock.ts';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { writeEndlessly } from '../../fakes/raw-server.ts';
import type { StepRun } from '../../fakes/runner.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { deployEach } from '../deploy-each.ts';
import { ANSWER_ADVICE, hostOf } from '../large.ts';
import { life, scenario } from '../scenario.ts';
import { CHUNKED, chunk, OK, type Write, wire } from '../wire.ts';

const APPLICATION: Endpoint = 'GET /applications/:id';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

const whole = (text: string) => `${OK}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
const half = (text: string) => text.slice(0, text.length / 2);
const packed = (encoding: string, bytes: Buffer) =>
  Buffer.concat([
    Buffer.from(`${OK}content-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`),
    bytes,
  ]);

/** Writes it piece by piece. */
async function slowly(socket: Socket, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece);
    await delay(1);
  }
}

/** Writes `start`, and `piece` again and again as long as there is a connection. */
async function drip(socket: Socket, clock: Clock, start: string, piece: string): Promise<void> {
  socket.write(start);
  while (!socket.destroyed) {
    await clock.sleep(100);
    socket.write(piece);
  }
}

/** Odd answers that say all the same. */
const READABLE: Record<string, Write> = {
  'that comes in pieces': (socket, text) => slowly(socket, whole(text).match(/.{1,30}/gs) ?? []),
  'in chunks of one byte': (socket, text) =>
    socket.write(`${CHUNKED}${[...text].map(chunk).join('')}0\r\n\r\n`),
  'in chunks with extensions and a trailer': (socket, text) =>
    socket.write(`${CHUNKED}${chunk(text).replace('\r', ';a=b\r')}0\r\nc: d\r\n\r\n`),
  'after 100 and 103': (socket, text) =>
    socket.write(
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${whole(text)}`,
    ),
  'of HTTP/1.0': (socket, text) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${text}`),
  "without a length, until the connection's end": (socket, text) => socket.end(`${OK}\r\n${text}`),
  'in gzip': (socket, text) => socket.write(packed('gzip', gzipSync(text))),
  'in brotli': (socket, text) => socket.write(packed('br', brotliCompressSync(text))),
};

// With the time that answers have in reality: of retries there must be none.
scenario('A deployment reads odd answers that say all', { clock: 'real' }, async (stage) => {
  const { nodion } = stage;
  const { run, expectOfEach } = await deployEach(stage, READABLE, (of, write) => {
    for (const on of [APPLICATION, LIST, TRIGGER])
      nodion.fail({ on, of, times: 99, fault: wire(write) });
  });
  expectOfEach(({ deployments }, { triggers }) => [deployments.length, triggers.length], [1, 1]);
  expect(run.log).not.toMatch(/Recovered|Retrying/);
});

const CUT = 'the answer was cut off';
const NONE = 'no answer (ECONNRESET)';
const BROKEN = "the answer can't be unpacked";
const invalid = (code: string) => `the answer is not valid HTTP (${code})`;

/** What an answer puts on the wire, and how the failure of its request is named. */
type Unreadable = Readonly<Record<string, readonly [Write, string]>>;

/** Answers that say nothing for certain. */
const UNREADABLE: Unreadable = {
  'a reset': [(socket) => socket.resetAndDestroy(), NONE],
  'a closed connection': [(socket) => socket.end(), NONE],
  'headers that are cut off': [(socket) => socket.end(`${OK}content-le`), NONE],
  'a switch of protocol': [
    (socket) => socket.end('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    NONE,
  ],
  'a reset in the body': [
    (socket, text) =>
      socket.write(half(whole(text)), () => setTimeout(() => socket.resetAndDestroy(), 300)),
    CUT,
  ],
  'a length that is too long': [
    (socket, text) => socket.end(`${OK}content-length: ${text.length + 9}\r\n\r\n${text}`),
    CUT,
  ],
  'chunks that are cut off': [(socket, text) => socket.end(`${CHUNKED}${chunk(text)}`), CUT],
  'gzip that is cut off': [
    (socket, text) => socket.end(packed('gzip', gzipSync(text)).subarray(0, -9)),
    CUT,
  ],
  'a length that is too short': [
    (socket, text) => socket.write(`${OK}content-length: ${text.length - 9}\r\n\r\n${text}`),
    invalid('HPE_INVALID_CONSTANT'),
  ],
  'two lengths': [
    (socket, text) =>
      socket.write(whole(text).replace('\r\n\r\n', '\r\ncontent-length: 5\r\n\r\n')),
    invalid('HPE_UNEXPECTED_CONTENT_LENGTH'),
  ],
  'a length and chunks': [
    (socket, text) =>
      socket.write(
        `${OK}content-length: ${text.length}\r\ntransfer-encoding: chunked\r\n\r\n${chunk(text)}0\r\n\r\n`,
      ),
    invalid('HPE_INVALID_TRANSFER_ENCODING'),
  ],
  'chunks without a length': [
    (socket, text) => socket.write(`${CHUNKED}${text}\r\n`),
    invalid('HPE_INVALID_CHUNK_SIZE'),
  ],
  garbage: [(socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'), invalid('HPE_INVALID_CONSTANT')],
  '64 kB of headers': [
    (socket, text) => socket.write(`${OK}x: ${'y'.repeat(65_536)}\r\n\r\n${text}`),
    "the answer's headers are too large (HPE_HEADER_OVERFLOW)",
  ],
  'what is no gzip': [(socket, text) => socket.write(packed('gzip', Buffer.from(text))), BROKEN],
  'gzip that ends early': [
    (socket, text) => socket.write(packed('gzip', gzipSync(text).subarray(0, -9))),
    BROKEN,
  ],
  'brotli that ends early': [
    (socket, text) => socket.write(packed('br', brotliCompressSync(text).subarray(0, -3))),
    BROKEN,
  ],
  'an unknown encoding': [
    (socket, text) => socket.write(packed('zstd', Buffer.from(text))),
    BROKEN,
  ],
};

/** Answers that don't end: a request takes `limit`, which no test has on a wire. */
const unending = (clock: Clock, limit: string): Unreadable => ({
  'headers that never come': [() => {}, `no answer within ${limit}`],
  '1xx without end': [
    (socket) => drip(socket, clock, '', 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'),
    `no answer within ${limit}`,
  ],
  'a body that stalls': [
    (socket, text) => socket.write(half(whole(text))),
    `no whole answer within ${limit}`,
  ],
  'a body that drips without end': [
    (socket) => drip(socket, clock, `${OK}\r\n{"deployments": [`, ' '),
    `no whole answer within ${limit}`,
  ],
  'trailers without end': [
    (socket, text) => drip(socket, clock, `${CHUNKED}${chunk(text)}0\r\n`, 'a: b\r\n'),
    `no whole answer within ${limit}`,
  ],
});

/** Whether the debug log names the failure of a request so. */
const isNamed = ({ log }: StepRun, request: string, named = '') =>
  log.includes(`::debug::${request}: ${named} `);

async function expectReadsRetried(stage: Stage, unreadable: Unreadable): Promise<void> {
  // So that each is read by itself.
  stage.nodion.fail({ on: 'GET /applications', fault: answer(403)(false) });
  const { run, expectOfEach } = await deployEach(stage, unreadable, (of, [write]) =>
    stage.nodion.fail(
      { on: APPLICATION, of, fault: wire(write) },
      { on: LIST, of, afterTrigger: true, fault: wire(write) },
    ),
  );
  expectOfEach(({ deployments }) => deployments.length, 1);
  for (const path of ['', '/deployments']) {
    expectOfEach(
      ({ id, name }) => isNamed(run, `GET /applications/${id}${path}`, unreadable[name]?.[1]),
      true,
    );
  }
  const count = 2 * Object.keys(unreadable).length;
  expect(run.log).toContain(`\nRecovered from ${count} transient errors: `);
}

async function expectTriggersFound(stage: Stage, unreadable: Unreadable): Promise<StepRun> {
  const { nodion } = stage;
  const { run, expectOfEach } = await deployEach(stage, unreadable, (of, [write]) => {
    nodion.addDeployment(of, { status: 'available' });
    nodion.fail({ on: TRIGGER, of, fault: wire(write) });
  });
  expectOfEach(({ deployments }, { triggers }) => [deployments.length, triggers.length], [2, 1]);
  expectOfEach(
    ({ id, name }) => [
      isNamed(run, `POST /applications/${id}/deployments`, unreadable[name]?.[1]),
      run.log.includes(`\n[${name}] The trigger seems to have succeeded: continuing with #2`),
    ],
    [true, true],
  );
  const followed: { deploy_number: number; triggered: boolean }[] = JSON.parse(
    run.outputs.deployments ?? '',
  );
  for (const one of followed) expect(one).toMatchObject({ deploy_number: 2, triggered: true });
  const count = Object.keys(unreadable).length;
  expect(run.log).toContain(`\nRecovered from ${count} transient errors: `);
  return run;
}

scenario('Reads are retried after any answer that can’t be read', { clock: 'real' }, (stage) =>
  expectReadsRetried(stage, UNREADABLE),
);

scenario('Reads are retried after any answer that does not end', (stage) =>
  expectReadsRetried(stage, unending(stage.clock, '10 s')),
);

scenario(
  'A trigger carried out is found after any answer that can’t be read',
  { clock: 'real' },
  async (stage) => {
    const run = await expectTriggersFound(stage, UNREADABLE);
    expect(run.log).toContain(
      ` 4 × The request to ${hostOf(stage.nodion)} (POST /applications/:id/deployments) failed: ${NONE}.`,
    );
  },
);

scenario('A trigger carried out is found after any answer that does not end', async (stage) => {
  await expectTriggersFound(stage, unending(stage.clock, '30 s'));
});

scenario(
  'A trigger carried out is found after a body without end',
  { clock: 'real' },
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    const write: Write = (socket) => {
      socket.write(`${OK}\r\n`);
      writeEndlessly(socket, Buffer.alloc(65_536));
    };
    nodion.fail({ on: APPLICATION, fault: wire(write) }, { on: TRIGGER, fault: wire(write) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.log).toContain('Recovered from 2 transient errors: ');
  },
);

scenario('A trigger carried out and answered 421 is found, and not repeated', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.fail({ on: TRIGGER, times: 9, fault: answer(421)(true) });
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toHaveLength(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.log).toContain('The trigger seems to have succeeded: continuing with #1');
});

scenario('A read answered 421 is final, and nothing is triggered', async ({ nodion, deploy }) => {
  nodion.fail({ on: LIST, times: 9, fault: answer(421)(false) });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(LIST)).toHaveLength(1);
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(annotations(run, 'error')[0]).toContain(
    'Nodion answered 421 to GET /applications/:id/deployments.',
  );
});

scenario('A trigger answered 421 is looked up, and not repeated', async ({ nodion, deploy }) => {
  nodion.fail({ on: TRIGGER, times: 9, fault: answer(421)(false) });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(1);
  const [trigger, ...more] = nodion.requestsTo(TRIGGER);
  expect(more).toEqual([]);
  const looks = nodion.requestsTo(LIST).filter(({ at }) => at > (trigger?.at ?? 0));
  expect(looks).toHaveLength(3);
  expect(annotations(run, 'error')).toEqual([
    [
      'Application My App: The trigger was not answered as documented.',
      'Nodion answered 421 to POST /applications/:id/deployments.',
      'A deployment may have been made and be in progress.',
      "Look for number 1 or above in Nodion's dashboard before you trigger again.",
      'No deployment of the application is live.',
    ].join('\n'),
  ]);
});

for (const afterMs of [0, 1, 5, 20, 80]) {
  const write: Write = (socket, text) => {
    socket.write(whole(text));
    if (afterMs === 0) socket.end();
    else setTimeout(() => socket.destroy(), afterMs);
  };

  scenario(
    `Connections that close ${afterMs} ms after a poll do no harm`,
    { clock: 'real' },
    async (stage) => {
      const { nodion, deploy } = stage;
      const application = nodion.addApplication(life(['waiting', 0], ['available', 3_000]));
      nodion.fail({ on: LIST, afterTrigger: true, times: 99, fault: wire(write) });
      const run = await deploy(application, { inputs: { poll_interval: '0.4s' } });
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toBe('');
      expect(application.deployments).toHaveLength(1);
      expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    },
  );

  scenario(
    `One is triggered though connections close ${afterMs} ms before it`,
    { clock: 'real' },
    async (stage) => {
      const { nodion, deploy } = stage;
      const application = nodion.addApplication();
      for (const on of [APPLICATION, LIST]) nodion.fail({ on, fault: wire(write) });
      const run = await deploy(application);
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toBe('');
      expect(application.deployments).toHaveLength(1);
    },
  );
}

for (const carriedOut of [true, false]) {
  const act = carriedOut ? 'carried out' : 'not carried out';
  scenario(
    `A trigger whose own connection closes makes one deployment, ${act}`,
    { clock: 'real' },
    async (stage) => {
      const { nodion, deploy } = stage;
      const application = nodion.addApplication();
      const usedPorts = new Set<number | undefined>();
      const read: Write = (socket, text) => {
        usedPorts.add(socket.remotePort);
        socket.write(whole(text));
      };
      let triggerPort: number | undefined;
      const close: Write = (socket) => {
        triggerPort = socket.remotePort;
        socket.destroy();
      };
      for (const on of [APPLICATION, LIST]) nodion.fail({ on, times: 99, fault: wire(read) });
      nodion.fail({ on: TRIGGER, fault: wire(close, carriedOut) });
      const run = await deploy(application);
      expect(usedPorts).not.toContain(triggerPort);
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
      expect(nodion.requestsTo(TRIGGER)).toHaveLength(carriedOut ? 1 : 2);
    },
  );
}

scenario(
  'A gateway that closes each connection after one answer, in silence, is no trouble',
  { clock: 'real' },
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    const usedPorts = new Set<number | undefined>();
    const once: Write = (socket, text) => {
      if (usedPorts.has(socket.remotePort)) return socket.destroy();
      usedPorts.add(socket.remotePort);
      return socket.write(whole(text));
    };
    for (const on of [APPLICATION, LIST]) nodion.fail({ on, times: 99, fault: wire(once) });
    nodion.fail({ on: TRIGGER, times: 99, fault: wire(once) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.log).not.toContain('The trigger');
  },
);

const DEEP = `"x":${'['.repeat(20_000)}${']'.repeat(20_000)}`;

scenario(
  'A field 20,000 deep is an error of the answer, not handed on',
  { clock: 'real' },
  async (stage) => {
    const { nodion, run: runAction } = stage;
    nodion.addApplication();
    const write: Write = (socket, text) => socket.write(whole(text.replace('[{', `[{${DEEP},`)));
    nodion.fail({ on: 'GET /applications', times: 99, fault: wire(write) });
    const run = await runAction({ action: 'list-applications', inputs: { timeout: '5s' } });
    expect(run.exitCode).toBe(1);
    expect(run.outputs).toEqual({});
    expect(annotations(run, 'error')).toEqual([
      `The \`timeout\` expired before the step was done.\nThe last failure: ${hostOf(nodion)} answered 200 to GET /applications, but not as documented: nested too deeply.${ANSWER_ADVICE}`,
    ]);
  },
);

scenario(
  'An application is created though the answer is 20,000 deep',
  { clock: 'real' },
  async (stage) => {
    const { nodion, run: runAction } = stage;
    const write: Write = (socket, text) =>
      socket.write(whole(text.replace('"application":{', `$&${DEEP},`)));
    nodion.fail({ on: 'POST /applications', fault: wire(write) });
    const run = await runAction({
      action: 'create-application',
      inputs: {
        name: 'shop',
        region_id: 'r',
        instance_type_id: 't',
        integration_id: 'i',
        repository_id: '1',
        branch_id: 'b',
      },
    });
    expect(run.exitCode).toBe(0);
    expect(nodion.applications).toHaveLength(1);
    expect(run.outputs).toMatchObject({ id: nodion.applications[0]?.id, created: 'true' });
  },
);
