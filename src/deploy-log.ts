import type { Result } from './deploy-application.ts';
import { formatDuration } from './duration.ts';
import type { Deployment } from './nodion-client.ts';
import type { ProgressEvent } from './progress.ts';
import { describeHiccup, type Hiccup } from './retry.ts';
import * as runner from './runner.ts';
import { singleLine } from './untrusted-text.ts';

const HEARTBEAT_MS = 30_000;

/** The step's log while applications are deployed: a line per change, a heartbeat after 30 s without one. */
export interface DeployLog {
  /** A read that is tried again, before there are results. */
  hiccup(hiccup: Hiccup): void;
  /** Says what is going to happen, and starts the heartbeat. */
  start(results: readonly Result[], plan: { wait: boolean; poll_interval: number }): void;
  /** Puts one event of the application of `result` into words. */
  write(result: Result, event: ProgressEvent): void;
  /** Ends the heartbeat and says what was survived, in one line, if anything. */
  end(): void;
}

/** With several applications each line begins with the name of its own. */
export function createDeployLog({ timeoutMs }: { timeoutMs: number }): DeployLog {
  const survived = new Map<string, number>();
  const rollouts = new Map<Result, string>();
  let heartbeat: NodeJS.Timeout | undefined;
  let isSingle = true;

  function line(result: Result | null, text: string): void {
    heartbeat?.refresh();
    runner.info(isSingle || result === null ? text : `[${nameOf(result)}] ${text}`);
  }

  function count(what: string): void {
    survived.set(what, (survived.get(what) ?? 0) + 1);
  }

  function hiccup(result: Result | null, failed: Hiccup): void {
    count(failed.error.message);
    line(result, describeHiccup(failed));
  }

  function write(result: Result, event: ProgressEvent): void {
    switch (event.kind) {
      case 'hiccup':
        hiccup(result, event.hiccup);
        break;
      case 'trigger-unanswered':
        count(event.error.message);
        line(
          result,
          `${event.error.message}; looking whether a deployment was made before anything is repeated`,
        );
        break;
      case 'trigger-repeated':
        line(result, `No deployment was made: triggering again (try ${event.attempt} of 3)`);
        break;
      case 'deployment':
        for (const text of introduction(event)) line(result, text);
        break;
      case 'status':
        line(
          result,
          `#${event.deployment.deploy_number} ${event.deployment.status} after ${sinceStart(result)}`,
        );
        break;
      case 'overtaken':
        line(
          result,
          `A newer deployment, #${event.by}, has appeared: if it goes live first, ours will not`,
        );
        break;
      case 'rollout': {
        const { instances, missing } = event.rollout;
        const running = instances
          ? `${instances.current} of ${instances.online} instances run #${result.deployment?.deploy_number}`
          : 'instances not known';
        const text = [`Rollout after ${sinceStart(result)}: ${running}`, ...missing].join('; ');
        const essence = [running, ...missing].join('; ');
        if (rollouts.get(result) !== essence) line(result, text);
        rollouts.set(result, essence);
        break;
      }
      case 'no-instances':
        runner.warning(
          'Rollout only partly verified',
          `${nameOf(result)}: the instances can't be had, so only the application's and its workers' status are checked. ${event.error.message}`,
        );
        break;
    }
  }

  function beat(results: readonly Result[]): void {
    const open = results.filter(({ isDone }) => !isDone);
    const left = formatDuration(Math.max(0, timeoutMs - performance.now()));
    const shown = open
      .slice(0, 5)
      .map((result) => {
        const { deployment } = result;
        const what = deployment
          ? `#${deployment.deploy_number} ${deployment.status}`
          : 'not triggered';
        return `${isSingle ? '' : `${nameOf(result)} `}${what} for ${sinceStatus(result)}`;
      })
      .join(', ');
    const more = open.length > 5 ? `, and ${open.length - 5} more` : '';
    if (open.length > 0) runner.info(`Still waiting: ${shown}${more}; at most ${left} left`);
  }

  return {
    hiccup: (failed) => hiccup(null, failed),
    write,
    start: (results, { wait, poll_interval }) => {
      isSingle = results.length === 1;
      for (const result of results) line(result, announcement(result));
      if (wait) {
        runner.info(
          `Looking every ${formatDuration(poll_interval)} until it is done, at most until the timeout of ${formatDuration(timeoutMs)}`,
        );
      }
      heartbeat = setInterval(() => beat(results), HEARTBEAT_MS).unref();
    },
    end: () => {
      clearInterval(heartbeat);
      const counts = [...survived.values()];
      const total = counts.reduce((sum, count) => sum + count, 0);
      if (total > 0) {
        const kinds = [...survived].map(([what, count]) => `${count} × ${what}`);
        runner.info(`${total} ${total === 1 ? 'hiccup' : 'hiccups'} survived: ${kinds.join('; ')}`);
      }
    },
  };
}

function announcement(result: Result): string {
  const { application, reusable } = result.target;
  const kind = application?.deployment_strategy;
  const region = application?.region.slug;
  const details = [kind, region && `region ${region}`].filter(Boolean).join(', ');
  const act = reusable ? 'Following' : 'Deploying';
  return `${act} ${nameOf(result)}${details ? ` (${details})` : ''}`;
}

/** The application's name, shortened so that it leaves room for the rest, or its id where it is not known. */
export function nameOf({ target }: Result): string {
  return singleLine(target.application?.name ?? target.applicationId, 100);
}

/** What a deployment is of: `commit d77ead8 "test" by John Doe`, `image docker.io/nginx:1.25`. */
export function contentOf(deployment: Deployment): string {
  const { git_sha, commit_message, committer_name, image_reference } = deployment;
  if (image_reference !== null) return `image ${image_reference}`;
  const message = commit_message && singleLine(commit_message.split('\n', 1)[0] ?? '', 120);
  const commit =
    git_sha === null ? 'the latest commit' : `commit ${singleLine(git_sha).slice(0, 7)}`;
  return [
    commit,
    message && `"${message}"`,
    committer_name && `by ${singleLine(committer_name, 60)}`,
  ]
    .filter(Boolean)
    .join(' ');
}

function introduction(event: Extract<ProgressEvent, { kind: 'deployment' }>): string[] {
  const { deployment, how } = event;
  const number = `deployment #${deployment.deploy_number}`;
  const content = `${contentOf(deployment)}; id ${deployment.id}, status ${deployment.status}`;
  switch (how) {
    case 'triggered':
      return [`Triggered ${number}: ${content}`];
    case 'adopted':
      return [`The trigger had been carried out: adopting ${number}: ${content}`];
    case 'reused':
      return [`Reusing ${number} in place of triggering another: ${content}`];
  }
}

function sinceStart({ startedAt }: Result): string {
  return formatDuration(Date.now() - (startedAt ?? Date.now()));
}

function sinceStatus({ timeline, startedAt }: Result): string {
  return formatDuration(Date.now() - (timeline.at(-1)?.at ?? startedAt ?? Date.now()));
}
