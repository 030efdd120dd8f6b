import type { Fault } from './nodion/faults.ts';

/** A fault, of a request that is carried out or not. */
export type Unsettled = (carriedOut: boolean) => Fault;

export const answer =
  (status: number, body: string | object = '', headers: Record<string, string> = {}): Unsettled =>
  (carriedOut) => ({ kind: 'answer', status, body, headers, carriedOut });

const html = { 'content-type': 'text/html' };

/** Everything quick that is neither the documented answer nor a refusal. */
export const FAULTS: Record<string, Unsettled> = {
  'connection reset': (carriedOut) => ({ kind: 'reset', carriedOut }),
  'body cut off': (carriedOut) => ({ kind: 'cut-off', carriedOut }),
  '408': answer(408),
  '429 without advice': answer(429),
  '429, Retry-After in seconds': answer(429, '', { 'retry-after': '2' }),
  '500, empty': answer(500),
  '500, JSON': answer(500, { error: 'Internal Server Error' }),
  '502, HTML': answer(502, '<html><h1>Bad Gateway</h1></html>', html),
  '503, Retry-After in seconds': answer(503, '', { 'retry-after': '1' }),
  '504, unreadable Retry-After': answer(504, '', { 'retry-after': 'soon' }),
  '200, empty': answer(200),
  '204': answer(204),
  '200, HTML': answer(200, '<html>Please log in</html>', html),
  '200, broken JSON': answer(200, '{"deployment": {"id": "c3f85434'),
  '200, null': answer(200, 'null'),
  '200, a list': answer(200, []),
  '200, another object': answer(200, { ok: true }),
  '200, fields missing': answer(200, { deployment: { id: 'x' }, deployments: [{ id: 'x' }] }),
  '200, fields of other types': answer(200, {
    deployment: { id: 1, status: null, deploy_number: '2' },
    deployments: 'none',
    application: [],
  }),
  '304 that nobody asked for': answer(304),
};
