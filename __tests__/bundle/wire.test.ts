import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import type { Endpoint, FakeNodion, Fault } from '../../fakes/nodion.ts';
import { writeEndlessly } from '../../fakes/raw-server.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from './scenario.ts';

const APPLICATION: Endpoint = 'GET /applications/:id';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

/** Puts an answer on the wire; `text` is the body that it would have. */
type Write = (socket: Socket, text: string) => unknown;

const wire = (write: Write, carriedOut = true): Fault => ({ kind: 'wire', write, carriedOut });

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

/** Writes it in pieces, `everyMs` apart. */
async function drip(socket: Socket, pieces: Iterable<string>, everyMs = 0): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await delay(everyMs);
  }
}

function* endlessly(piece: string): Generator<string> {
  for (;;) yield piece;
}

/** Odd answers that say all the same. */
const READABLE: Record<string, Write> = {
  'that comes byte by byte': (socket, text) => drip(socket, whole(text)),
  'in chunks of one byte': (socket, text) =>
    socket.write(`${CHUNKED}${[...text].map(chunk).join('')}0\r\n\r\n`),
  'in chunks with extensions and a trailer': (socket, text) =>
    drip(socket, [CHUNKED, chunk(text).replace('\r', ';a=b\r'), '0\r\n', 'c: d\r\n\r\n']),
  'after 100 and 103': (socket, text) =>
    socket.write(
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${whole(text)}`,
    ),
  'of HTTP/1.0': (socket, text) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${text}`),
  "without a length, until the connection's end": (socket, text) =>
    socket.end(`${OK}\r\n${text}`),
  'in gzip': (socket, text) => socket.write(packed('gzip', gzipSync(text))),
  'in brotli': (socket, text) => socket.write(packed('br', brotliCompressSync(text))),
  'after which the connection is closed': (socket, text) => socket.end(whole(text)),
  'after which the connection is reset': (socket, text) => {
    socket.write(whole(text), () => setTimeout(() => socket.resetAndDestroy(), 30));
  },
};

for (const [what, write] of Object.entries(READABLE)) {
  scenario(`A deployment reads every answer ${what}`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    for (const on of [APPLICATION, LIST, TRIGGER]) nodion.fail({ on, times: 99, fault: wire(write) });
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
    (socket, text) => socket.write(half(whole(text)), () => setTimeout(() => socket.resetAndDestroy(), 30)),
    CUT,
  ],
  'a length that is too long': [
    (socket, text) => socket.end(`${OK}content-length: ${text.length + 9}\r\n\r\n${text}`),
    CUT,
  ],
  'chunks that are cut off': [(socket, text) => socket.end(`${CUT && CHUNKED}${chunk(text)}`), CUT],
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
  garbage: [
    (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'),
    invalid('HPE_INVALID_CONSTANT'),
  ],
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
  'an unknown encoding': [(socket, text) => socket.write(packed('zstd', Buffer.from(text))), BROKEN],
  'headers that never come': [() => {}, LATE],
  '1xx without end': [
    (socket) => drip(socket, endlessly('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'), 20),
    LATE,
  ],
  'a body that stalls': [(socket, text) => socket.write(half(whole(text))), LATE_END],
  'a body that drips without end': [
    (socket) => drip(socket, [`${OK}\r\n{"deployments": [`, ...Array(999).fill(' ')], 20),
    LATE_END,
  ],
  'trailers without end': [
    (socket, text) => drip(socket, [`${CHUNKED}${chunk(text)}0\r\n`, ...Array(999).fill('a: b\r\n')], 20),
    LATE_END,
  ],
};

for (const [what, [write, named]] of Object.entries(UNREADABLE)) {
  const phrase = (limit: string) => (named.endsWith('within') ? `${named} ${limit}` : named);
  const failed = (nodion: FakeNodion, route: string, limit: string) =>
    `1 × The request to ${new URL(nodion.url).host} (${route}) failed: ${phrase(limit)}.`;

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
    const reads = ['GET /applications/…', 'GET /applications/…/deployments'];
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
    expect(run.log).toContain('The request had succeeded: continuing with #2');
    const error = failed(nodion, 'POST /applications/…/deployments', '30 s');
    expect(run.log).toContain(`Recovered from 1 transient error: ${error}\n`);
  });
}
