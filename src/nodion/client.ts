import { UndocumentedShape } from '../http/parse-json.ts';
import { openSpare, type SpareConnection } from '../http/spare-connection.ts';
import { QUICK_READ_MS, REQUEST_LIMIT_MS } from '../time/step-clock.ts';
import { type ConnectionOptions, createConnection, type SendOptions } from './connection.ts';
import { createSharing } from './deployments.ts';
import { NodionError } from './errors.ts';
import { field, list, needed } from './read-fields.ts';
import { type BodyShape, requestJson, wholly } from './request-json.ts';
import {
  type DeploymentList,
  isUuid,
  pruneDeployments,
  toApplication,
  toDeployment,
  toDeployments,
  toDomain,
  toWholeApplication,
} from './responses.ts';

/** Bytes: one such answer is read at a time, and held whole. */
const LARGEST_APPLICATIONS = 16 * 2 ** 20;

export type NodionClient = ReturnType<typeof createNodionClient>;
export type ApplicationClient = ReturnType<NodionClient['application']>;

/** How a read is sent; see {@link SendOptions}. */
export type ReadOptions = Pick<SendOptions, 'signal' | 'lane' | 'gate' | 'isFresh'>;

/**
 * Nodion's REST API, one method for each endpoint. Every method sends one request and checks the shape
 * of the answer.
 *
 * All throw NodionError for anything but the documented answer, and Interrupted when `signal` aborts.
 * GET answers with an `ETag` are asked for conditionally the next time.
 */
export function createNodionClient(options: ConnectionOptions) {
  const connection = createConnection(options);
  const { send, gate, outageLimit, serverTime } = connection;
  let first: SpareConnection | undefined;

  /** A connection for one POST: the one that {@link preparePost} opened, where that is open still. */
  function spareConnection(): SpareConnection {
    const spare = first?.isOpen() ? first : openSpare(options.apiUrl);
    first = undefined;
    return spare;
  }

  return {
    /** Opens the connection of the first POST while what precedes it is read, so that it costs no time. */
    preparePost: (): void => {
      first = spareConnection();
    },

    /** See {@link createOutageLimit}. */
    outageLimit,

    applications: (reading: ReadOptions) =>
      requestJson(
        connection,
        'GET /applications',
        wholly((body) => list(field(body, 'applications'), toWholeApplication)),
        { ...reading, maxBytes: LARGEST_APPLICATIONS },
      ),

    /** What `prune` makes of the body of another endpoint, see catalogue.ts. A gateway or an older key may not have it. */
    get: <T>(route: string, prune: (body: unknown) => T, reading: SendOptions) =>
      requestJson(connection, route, wholly(prune), reading),

    /**
     * Creates an application from the API's own body parameters. Not idempotent.
     * @returns what `read` makes of the answer's text: the body of a success is not documented.
     */
    createApplication: async <T>(
      data: Readonly<Record<string, string | number>>,
      read: (text: string) => T,
      signal: AbortSignal,
    ): Promise<T> => {
      const spare = spareConnection();
      const answer = await send('POST /applications', { parameters: { data }, signal, spare });
      return read(answer.text);
    },

    /** The endpoints of one application. @throws TypeError when `id` is not a UUID. */
    application: (id: string) => {
      // The ID becomes part of a path: `..` would change it, and octokit does not encode dots.
      if (!isUuid(id)) throw new TypeError('not a UUID');
      let isSlow = false;
      let spare: SpareConnection | undefined;
      const shareEqual = createSharing();

      async function read<Pruned, T>(
        route: string,
        shape: BodyShape<Pruned, T>,
        reading: SendOptions & { cacheKey?: string },
      ): Promise<T> {
        const startedAtMs = performance.now();
        try {
          return await requestJson(connection, route, shape, {
            ...reading,
            isSlow,
            parameters: { id, ...reading.parameters },
            timeoutMs: isSlow ? REQUEST_LIMIT_MS : QUICK_READ_MS,
          });
        } catch (error) {
          if (error instanceof NodionError && error.isTimeout) isSlow = true;
          throw error;
        } finally {
          if (performance.now() - startedAtMs < QUICK_READ_MS / 2) isSlow = false;
        }
      }

      return {
        id,

        get: (reading: ReadOptions) =>
          read(
            'GET /applications/{id}',
            wholly((body) => toApplication(field(body, 'application'))),
            { ...reading, cacheKey: id },
          ),

        /**
         * Those of the deployments that matter, newest first, see keepNewest(). With `only`, the ID of a
         * deployment, that one is among them if it is listed, and others are left out where they are not as
         * documented, in place of failing.
         */
        deployments: ({ only = null, ...reading }: ReadOptions & { only?: string | null }) =>
          read(
            'GET /applications/{id}/deployments',
            {
              prune: (body) => pruneDeployments(field(body, 'deployments'), only),
              read: (items, answeredAtMs): DeploymentList => ({
                deployments: shareEqual(toDeployments(items, only)),
                answeredAtMs,
              }),
            },
            { ...reading, list: 'deployments', wanted: only, cacheKey: `${id} deployments` },
          ),

        /**
         * Runs `work` when it is a trigger's turn, which comes before polls. Requests in it are sent
         * with `gate: 'passed'`.
         */
        inTurn: <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
          gate.pass({ lane: 'trigger', isSlow, signal }, async () => {
            spare = spareConnection();
            try {
              return await work();
            } finally {
              spare.close();
            }
          }),

        /**
         * Triggers a deployment, in a turn; `imageTag` null deploys the latest commit or the default tag.
         * An answer that describes one of the IDs in `known` is not the documented one. Not idempotent.
         */
        trigger: (
          imageTag: string | null,
          { known, signal }: { known: ReadonlySet<string>; signal: AbortSignal },
        ) =>
          requestJson(
            connection,
            'POST /applications/{id}/deployments',
            wholly((body) => {
              const deployment = toDeployment(field(body, 'deployment'));
              needed(deployment.status || null, 'status');
              if (!known.has(deployment.id)) return deployment;
              throw new UndocumentedShape(
                `it describes #${deployment.deploy_number}, which was there before`,
              );
            }),
            {
              // Varnish 7 sends a POST without a body again by itself when it loses the connection.
              parameters: { id, data: imageTag === null ? {} : { image_tag: imageTag } },
              gate: 'passed',
              signal,
              spare,
            },
          ),

        outageLimit,

        /** Called when its deployment has ended: those of others, triggered together with it, end soon. */
        hastenPolls: gate.hastenPolls,

        /** See {@link Connection}. */
        serverTime,

        /**
         * The running containers. A gateway or an older key may not have this endpoint.
         * @returns what `toInstance` makes of each.
         */
        instances: <T>(toInstance: (item: unknown) => T, reading: ReadOptions) =>
          read(
            'GET /applications/{id}/instances',
            wholly((body) => list(field(body, 'instances'), toInstance)),
            { ...reading, list: 'instances', cacheKey: `${id} instances` },
          ),

        /** Its domains. A gateway or an older key may not have this endpoint. */
        domains: (reading: ReadOptions) =>
          requestJson(
            connection,
            'GET /applications/{id}/domains',
            wholly((body) => list(field(body, 'domains'), toDomain)),
            { ...reading, parameters: { id }, timeoutMs: QUICK_READ_MS, list: 'domains' },
          ),

        /**
         * Runtime log lines of the online instances after `after` (ISO 8601), oldest first, at most 2500.
         * A gateway or an older key may not have this endpoint.
         * @returns what `toLine` makes of each.
         */
        logs: <T>(after: string, toLine: (item: unknown) => T, signal: AbortSignal) =>
          read(
            'GET /applications/{id}/logs',
            wholly((body) => list(field(body, 'logs'), toLine)),
            // Which end a smaller limit cuts off is not documented.
            { parameters: { limit: 2500, after }, signal, list: 'logs' },
          ),
      };
    },
  };
}
