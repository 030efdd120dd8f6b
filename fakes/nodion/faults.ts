import type { Socket } from 'node:net';
import type { Endpoint, FakeApplication } from './state.ts';

/** What goes wrong with a request. `carriedOut` says whether it takes effect all the same. */
export type Fault =
  | { readonly kind: 'reset'; readonly carriedOut: boolean }
  | { readonly kind: 'hang'; readonly carriedOut: boolean }
  /** Half of the body is sent; then the connection is cut, or stays open and silent. */
  | { readonly kind: 'cut-off' | 'stall'; readonly carriedOut: boolean }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The list of deployments as it was so long ago. */
  | { readonly kind: 'stale'; readonly ageMs: number }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | object;
      readonly carriedOut: boolean;
      /** How long it takes. */
      readonly ms?: number;
    }
  /** `write` puts bytes of its own on the wire; `text` is the body of the usual answer. */
  | {
      readonly kind: 'wire';
      readonly write: (socket: Socket, text: string) => unknown;
      readonly carriedOut: boolean;
    };

/** A fault for the next `times` requests to an endpoint, after `skip` that go well. */
export interface ScriptedFault {
  readonly on: Endpoint;
  /** Only for requests to this application. */
  readonly of?: FakeApplication;
  /** Only for requests that come after a trigger of the same application. */
  readonly afterTrigger?: boolean;
  readonly fault: Fault;
  readonly skip?: number;
  readonly times?: number;
}

/** The faults that are still to come; those for the same endpoint follow each other. */
export class ScriptedFaults {
  private readonly faults: (ScriptedFault & { skip: number; times: number })[] = [];

  add(...faults: readonly ScriptedFault[]): void {
    for (const fault of faults) this.faults.push({ skip: 0, times: 1, ...fault });
  }

  clear(): void {
    this.faults.length = 0;
  }

  /** That of a request to the application `id`. */
  next(endpoint: Endpoint, id: string, isTriggered: () => boolean): Fault | undefined {
    const scripted = this.faults.find(
      ({ on, of, afterTrigger, times }) =>
        on === endpoint && times > 0 && (of?.id ?? id) === id && (!afterTrigger || isTriggered()),
    );
    if (!scripted) return undefined;
    if (scripted.skip > 0) {
      scripted.skip -= 1;
      return undefined;
    }
    scripted.times -= 1;
    return scripted.fault;
  }
}
