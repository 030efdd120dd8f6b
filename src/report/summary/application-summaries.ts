import type { Application } from '../../nodion/responses.ts';
import { LARGEST_SUMMARY_BYTES } from '../../runner/commands.ts';
import type { Sentence } from '../../runner/sentence.ts';
import { summaryText } from '../../runner/untrusted-text.ts';
import { type Fact, factTable, heading, paragraph, table } from './markup.ts';

/** So many applications are shown of a longer list. */
const MOST_LISTED = 200;

/** The job summary of a list: `found` of the `total` applications of a project. */
export function listSummary(found: readonly Application[], total: number): string {
  const shown = found.slice(0, MOST_LISTED);
  const hidden = found.length - shown.length;
  const rows = shown.map((application) => [
    summaryText(application.name, 100),
    word(application.region.slug),
    word(application.deployment_strategy),
    word(application.status),
    summaryText(application.id, 40),
  ]);
  const count = `${found.length} of ${total} ${total === 1 ? 'application' : 'applications'}`;
  return bounded(
    heading(`✅ ${count} listed`),
    table(['Application', 'Region', 'Strategy', 'Status', 'ID'], rows) +
      (hidden > 0 ? `<p>And ${hidden} more: see the outputs.</p>\n` : ''),
  );
}

/** The job summary of an application that was made sure of; `warnings`: what a person should know of it. */
export function ensuredSummary(
  application: Application,
  { created, warnings }: { created: boolean; warnings: readonly Sentence[] },
): string {
  const name = summaryText(application.name, 100);
  const facts: Fact[] = [
    ['ID', summaryText(application.id, 40)],
    ['Region', word(application.region.slug)],
    ['Strategy', word(application.deployment_strategy)],
    ['Status', word(application.status)],
  ];
  const sign = warnings.length > 0 ? '⚠️' : '✅';
  return bounded(
    heading(
      created
        ? `${sign} Application ${name} was created`
        : `${sign} Application ${name} exists already: nothing was created`,
    ),
    paragraph(warnings) + factTable(facts.filter(([, html]) => html !== '')),
  );
}

function word(text: string | null): string {
  return text ? summaryText(text, 60) : '';
}

function bounded(head: string, rest: string): string {
  return Buffer.byteLength(head + rest) < LARGEST_SUMMARY_BYTES ? head + rest : head;
}
