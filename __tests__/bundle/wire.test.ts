import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint, FakeNodion, Fault } from '../../fakes/nodion.ts';
import { writeEndlessly } from '../../fakes/raw-server.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, realScenario, scenario, signalScenario } from './scenario.ts';

const ANSWER_ADVICE =
  ' Check what answers at `api_url`: Nodion itself, or a gateway or proxy before it.';
const APPLICATION: Endpoint = 'GET /applications/:id';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

/** Puts an answer on the wire; `text` is the body that it would have. */
type Write = (socket: Socket, text: string) => unknown;

const wire = (write: Write, carriedOut = true): Fault => ({ kind: 'wire', write, carriedOut });

const hostOf = ({ url }: FakeNodion) => new URL(url).host;
const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const whole = (text: string) => `${OK}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
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
function drip(socket: Socket, start: string, piece: string): void {
  socket.write(start);
  const timer = setInterval(() => socket.write(piece), 20);
  socket.on('close', () => clearInterval(timer));
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

for (const [what, write] of Object.entries(READABLE)) {
  scenario(`A deployment reads every answer ${what}`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    for (const on of [APPLICATION, LIST, TRIGGER])
      nodion.fail({ on, times: 99, fault: wire(write) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(application.deployments).toHaveLength(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.log).not.toMatch(/Recovered|Retrying/);
  });
}

const CUT = 'the answer was cut off';
const NONE = 'no answer (ECONNRESET)';
const BROKEN = "the answer can't be unpacked";
const LATE = 'no answer within';
const LATE_END = 'no whole answer within';
const invalid = (code: string) => `the answer is not valid HTTP (${code})`;

/** Answers that say nothing for certain, and how they are named. */
const UNREADABLE: Record<string, [Write, string]> = {
  'a reset': [(socket) => socket.resetAndDestroy(), NONE],
  'a closed connection': [(socket) => socket.end(), NONE],
  'headers that are cut off': [(socket) => socket.end(`${OK}content-le`), NONE],
  'a switch of protocol': [
    (socket) => socket.end('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    NONE,
  ],
  'a reset in the body': [
    (socket, text) =>
      socket.write(half(whole(text)), () => setTimeout(() => socket.resetAndDestroy(), 30)),
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
    invalid('HPE_HEADER_OVERFLOW'),
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
  'headers that never come': [() => {}, LATE],
  '1xx without end': [
    (socket) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'),
    LATE,
  ],
  'a body that stalls': [(socket, text) => socket.write(half(whole(text))), LATE_END],
  'a body that drips without end': [
    (socket) => drip(socket, `${OK}\r\n{"deployments": [`, ' '),
    LATE_END,
  ],
  'a body without end': [
    (socket) => {
      socket.write(`${OK}\r\n`);
      writeEndlessly(socket, Buffer.alloc(65_536));
    },
    'the answer is larger than 16 MiB',
  ],
  'trailers without end': [
    (socket, text) => drip(socket, `${CHUNKED}${chunk(text)}0\r\n`, 'a: b\r\n'),
    LATE_END,
  ],
};

for (const [what, [write, named]] of Object.entries(UNREADABLE)) {
  const phrase = (limit: string) => (named.endsWith('within') ? `${named} ${limit}` : named);
  const failed = (nodion: FakeNodion, route: string, limit: string) =>
    `1 × The request to ${hostOf(nodion)} (${route}) failed: ${phrase(limit)}.`;

  scenario(`Reads are retried after ${what}`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    nodion.fail(
      { on: APPLICATION, fault: wire(write) },
      { on: LIST, afterTrigger: true, fault: wire(write) },
    );
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(application.deployments).toHaveLength(1);
    expect(annotations(run, 'error')).toEqual([]);
    const reads = ['GET /applications/:id', 'GET /applications/:id/deployments'];
    const errors = reads.map((route) => failed(nodion, route, '10 s')).join(' ');
    expect(run.log).toContain(`Recovered from 2 transient errors: ${errors}\n`);
  });

  scenario(`A trigger carried out is found after ${what}`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    nodion.addDeployment(application, { status: 'available' });
    nodion.fail({ on: TRIGGER, fault: wire(write) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(application.deployments).toHaveLength(2);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.outputs).toMatchObject({ deploy_number: '2', triggered: 'true' });
    expect(run.log).toContain('The trigger seems to have succeeded: continuing with #2');
    const error = failed(nodion, 'POST /applications/:id/deployments', '30 s');
    expect(run.log).toContain(`Recovered from 1 transient error: ${error}\n`);
  });
}

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

  scenario(`Connections that close ${afterMs} ms after a poll do no harm`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication(life(['waiting', 0], ['available', 6_000]));
    nodion.fail({ on: LIST, afterTrigger: true, times: 99, fault: wire(write) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(application.deployments).toHaveLength(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  });

  scenario(`One is triggered though connections close ${afterMs} ms before it`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    for (const on of [APPLICATION, LIST]) nodion.fail({ on, fault: wire(write) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(application.deployments).toHaveLength(1);
  });
}

for (const carriedOut of [true, false]) {
  const act = carriedOut ? 'carried out' : 'not carried out';
  scenario(`A trigger whose kept connection closes makes one deployment, ${act}`, async (stage) => {
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
    expect(usedPorts).toContain(triggerPort);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(carriedOut ? 1 : 2);
  });
}

/** At the speed of reality: eight times as fast a clock would leave too little time for so many bytes. */
const cancelScenario: typeof realScenario =
  process.platform === 'win32' ? signalScenario : realScenario;

const MIB = 2 ** 20;
const LARGEST_MB = 300;

/** For a step's environment: its process says at its end how much memory it had at most. */
const MEASURED = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`
    import { writeSync } from 'node:fs';
    process.on('exit', () => writeSync(2, String(process.resourceUsage().maxRSS / 1_000)));`)}`,
};

function packedEndlessly(encoding: string, bytes: Buffer): Write {
  return (socket) => {
    socket.write(`${OK}content-encoding: ${encoding}\r\ncontent-length: 999999999\r\n\r\n`);
    writeEndlessly(socket, bytes);
  };
}

const ZEROS = Buffer.alloc(256 * MIB);
const QUICKLY = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const TOO_LARGE: Record<string, Write> = {
  'a plain stream': (socket) => {
    socket.write(`${OK}\r\n`);
    writeEndlessly(socket, ZEROS.subarray(0, 65_536));
  },
  'a gzip bomb': packedEndlessly('gzip', gzipSync(ZEROS)),
  'a brotli bomb': packedEndlessly('br', brotliCompressSync(ZEROS, QUICKLY)),
  'a list without end': (socket) => {
    socket.write(`${CHUNKED}${chunk('{"deployments": [')}`);
    writeEndlessly(socket, chunk('{},'.repeat(20_000)));
  },
};

/** Deploys so many applications whose lists are written so, and cancels at the third round of them. */
async function deployAndCancel({ nodion, deploy }: Stage, count: number, write: Write) {
  const applications = Array.from({ length: count }, () => nodion.addApplication());
  let step: ChildProcess | undefined;
  let cancelledAt = 0;
  let answers = 0;
  const counted: Write = (socket, text) => {
    write(socket, text);
    answers += 1;
    if (answers !== 2 * count + 1) return;
    cancelledAt = performance.now();
    step?.kill('SIGINT');
  };
  nodion.fail({ on: LIST, times: 999, fault: wire(counted) });
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join(',') },
    env: MEASURED,
    onLog: (_, child) => {
      step = child;
    },
  });
  return { run, cancelledMs: performance.now() - cancelledAt };
}

for (const [what, write] of Object.entries(TOO_LARGE)) {
  for (const count of [1, 8]) {
    cancelScenario(
      `${count} × ${what} as the list is too large, and small in memory`,
      async (stage) => {
        const { run, cancelledMs } = await deployAndCancel(stage, count, write);
        expect(cancelledMs).toBeLessThan(5_000);
        expect(run.exitCode).toBe(1);
        expect(annotations(run, 'error')).toEqual([
          `The workflow was cancelled before anything was triggered.\nThe last failure: The request to ${hostOf(stage.nodion)} (GET /applications/:id/deployments) failed: the answer is larger than 16 MiB.${ANSWER_ADVICE}`,
        ]);
        expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
      },
    );
  }
}

/** So many of `item`, as long as all is at most 16 MiB. */
function many(item: string, count = Number.POSITIVE_INFINITY): string[] {
  const most = Math.floor((16 * MIB - 5_000) / (item.length + 1));
  return Array(Math.min(count, most)).fill(item);
}

/** Puts more items at a list's beginning. */
function stuffed(items: readonly string[]): Write {
  const bytes = Buffer.from(`${items.join()},`);
  return (socket, text) => {
    const start = text.indexOf('[') + 1;
    const isEmpty = text[start] === ']';
    const added = isEmpty ? bytes.subarray(0, -1) : bytes;
    socket.write(`${OK}content-length: ${Buffer.byteLength(text) + added.length}\r\n\r\n`);
    socket.write(text.slice(0, start));
    socket.write(added);
    socket.write(text.slice(start));
  };
}

/** Names that no two objects share. */
const NAMES = Array.from({ length: 480_000 }, (_, index) => `"n${index}"`);
const TWENTIES = NAMES.filter((_, index) => index % 20 === 0).map(
  (_, index) => `{${NAMES.slice(20 * index, 20 * index + 20).join(':0,')}:0}`,
);
const TOO_MUCH: Record<string, [items: readonly string[], problem: string]> = {
  'deployments in 16 MiB': [
    many('{"id":"x","status":"failed","deploy_number":0}'),
    'too many values',
  ],
  'nulls in 16 MiB': [many('null'), 'too many values'],
  'numbers in 16 MiB': [many('1'), 'too many values'],
  'empty objects in 16 MiB': [many('{}'), 'too many values'],
  'empty lists in 16 MiB': [many('[]'), 'too many values'],
  '7,340,032 lists in one another': [
    [`${'['.repeat(7 * MIB)}${']'.repeat(7 * MIB)}`],
    'too many values',
  ],
  'objects with room for 35 more': [many('{"35":0.5}', 249_000), 'too many values'],
  'objects of 20 names of their own': [TWENTIES, 'too many names'],
  'objects in one another': [
    [`${NAMES.map((name) => `{${name}:`).join('')}0${'}'.repeat(NAMES.length)}`],
    'too many names',
  ],
};

for (const [what, [items, problem]] of Object.entries(TOO_MUCH)) {
  cancelScenario(`A list of ${what} is refused, and small in memory`, async (stage) => {
    const { run, cancelledMs } = await deployAndCancel(stage, 1, stuffed(items));
    expect(cancelledMs).toBeLessThan(5_000);
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')).toEqual([
      `The workflow was cancelled before anything was triggered.\nThe last failure: ${hostOf(stage.nodion)} answered 200 to GET /applications/:id/deployments, but not as documented: ${problem}.${ANSWER_ADVICE}`,
    ]);
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  });
}

const LARGE: Record<string, string> = {
  '100,000 old deployments': '{"id":"x","status":"failed","deploy_number":0}',
  'a commit message of 15 MiB': `{"id":"x","deploy_number":0,"commit_message":"${'x'.repeat(15 * MIB)}"}`,
};

for (const [what, item] of Object.entries(LARGE)) {
  for (const count of [1, 8]) {
    realScenario(`Lists with ${what} are read for ${count}, and small in memory`, async (stage) => {
      const { nodion, deploy } = stage;
      const applications = Array.from({ length: count }, () => nodion.addApplication());
      nodion.fail({ on: LIST, times: 999, fault: wire(stuffed(many(item, 100_000))) });
      const run = await deploy(null, {
        inputs: { application_id: applications.map(({ id }) => id).join(',') },
        env: MEASURED,
      });
      expect(run.exitCode).toBe(0);
      for (const { deployments } of applications) expect(deployments).toHaveLength(1);
      expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
    });
  }
}

scenario('What looks like names in commit messages is not counted', async ({ nodion, deploy }) => {
  const commit_message = NAMES.slice(0, 2_000).join(':[1,');
  const item = JSON.stringify({ id: 'x', deploy_number: 0, commit_message });
  nodion.fail({ on: LIST, times: 999, fault: wire(stuffed(many(item, 20))) });
  expect((await deploy(nodion.addApplication())).exitCode).toBe(0);
});

const DEEP = `"x":${'['.repeat(20_000)}${']'.repeat(20_000)}`;

realScenario('A field 20,000 deep is an error of the answer, not handed on', async (stage) => {
  const { nodion, run: runAction } = stage;
  nodion.addApplication();
  const write: Write = (socket, text) => socket.write(whole(text.replace('[{', `[{${DEEP},`)));
  nodion.fail({ on: 'GET /applications', times: 99, fault: wire(write) });
  const run = await runAction({ action: 'list-applications', inputs: { timeout: '5s' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toEqual({});
  expect(annotations(run, 'error')).toEqual([
    `The \`timeout\` was over before the step was done.\nThe last failure: ${hostOf(nodion)} answered 200 to GET /applications, but not as documented: nested too deeply.${ANSWER_ADVICE}`,
  ]);
});

scenario('An application is created though the answer is 20,000 deep', async (stage) => {
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
});
