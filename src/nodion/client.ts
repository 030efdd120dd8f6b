import { type ConnectionOptions, createSend, requestJson } from './request-json.ts';
import {
  type Application,
  field,
  isUuid,
  list,
  optional,
  text,
  toApplication,
  toDeployment,
  toInstance,
  toLogLine,
} from './responses.ts';

export type NodionClient = ReturnType<typeof createNodionClient>;
export type ApplicationClient = ReturnType<NodionClient['application']>;

/**
 * Nodion's REST API, one method for each endpoint. Every method sends one request and checks the shape
 * of the answer.
 *
 * All throw NodionError for anything but the documented answer, and Interrupted when `signal` aborts.
 * GET answers with an `ETag` are asked for conditionally the next time.
 */
export function createNodionClient(options: ConnectionOptions) {
  const send = createSend(options);

  return {
    applications: (signal: AbortSignal) =>
      requestJson(send, 'GET /applications', {
        read: (body) => list(field(body, 'applications'), toApplication),
        signal,
      }),

    /**
     * Creates an application from the API's own body parameters. Resolves to null when the answer does
     * not describe it: the body of a success is not documented. Not idempotent.
     */
    createApplication: async (
      data: Readonly<Record<string, string | number>>,
      signal: AbortSignal,
    ): Promise<Application | null> => {
      const { text: answer } = await send('POST /applications', { data }, signal);
      try {
        const body: unknown = JSON.parse(answer);
        return toApplication(optional(body, 'application') ?? body);
      } catch {
        return null;
      }
    },

    /** The endpoints of one application. @throws TypeError when `id` is not a UUID. */
    application: (id: string) => {
      // The ID becomes part of a path: `..` would change it, and octokit does not encode dots.
      if (!isUuid(id)) throw new TypeError('not a UUID');
      return {
        id,

        get: (signal: AbortSignal) =>
          requestJson(send, 'GET /applications/{id}', {
            parameters: { id },
            read: (body) => toApplication(field(body, 'application')),
            signal,
          }),

        /** All deployments, in the API's order. */
        deployments: (signal: AbortSignal) =>
          requestJson(send, 'GET /applications/{id}/deployments', {
            parameters: { id },
            read: (body) => list(field(body, 'deployments'), toDeployment),
            signal,
          }),

        /** Triggers a deployment; `imageTag` null deploys the latest commit or the default tag. Not idempotent. */
        trigger: (imageTag: string | null, signal: AbortSignal) =>
          requestJson(send, 'POST /applications/{id}/deployments', {
            parameters: { id, ...(imageTag && { image_tag: imageTag }) },
            read: (body) => {
              const deployment = field(body, 'deployment');
              text(deployment, 'status');
              return toDeployment(deployment);
            },
            signal,
          }),

        /** The running containers. A gateway or an older key may not have this endpoint. */
        instances: (signal: AbortSignal) =>
          requestJson(send, 'GET /applications/{id}/instances', {
            parameters: { id },
            read: (body) => list(field(body, 'instances'), toInstance),
            signal,
          }),

        /**
         * Runtime log lines of the online instances after `after` (ISO 8601), oldest first, at most 2500.
         * A gateway or an older key may not have this endpoint.
         */
        logs: (after: string, signal: AbortSignal) =>
          requestJson(send, 'GET /applications/{id}/logs', {
            // Which end a smaller limit cuts off is not documented.
            parameters: { id, limit: 2500, after },
            read: (body) => list(field(body, 'logs'), toLogLine),
            signal,
          }),
      };
    },
  };
}
