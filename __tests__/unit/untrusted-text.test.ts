import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CONTROLS, PAYLOADS } from '../../fakes/payloads.ts';
import { parseWorkflowCommands } from '../../fakes/runner.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { toDeployment } from '../../src/nodion/responses.ts';
import { registerSecret } from '../../src/runner/redact-secrets.ts';
import { foreign, summarySentence } from '../../src/runner/sentence.ts';
import {
  diagramText,
  escapeLogLine,
  singleLine,
  summaryText,
} from '../../src/runner/untrusted-text.ts';
import { codePoint } from './code-point.ts';

/** Any text, more often than not with pieces of a payload in it. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PAYLOADS.slice(0, -1), '::', '##[', ' ', '\u001b[', '\r', ']'),
      fc.string({ unit: codePoint, maxLength: 20 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

describe('Whatever the text is', () => {
  test('the runner finds no command in a log line', () => {
    fc.assert(
      fc.property(text, (any) => {
        const line = escapeLogLine(any);
        expect(parseWorkflowCommands(line)).toEqual([]);
        expect(parseWorkflowCommands(`prefix ${line}`)).toEqual([]);
        expect(line).not.toMatch(CONTROLS);
      }),
      { numRuns: 1_000 },
    );
  });

  test('the summary shows it to the letter, without markup', () => {
    fc.assert(
      fc.property(text, (any) => {
        for (const html of [
          summaryText(any, 5_000),
          `<p>${summarySentence(foreign(any, 5_000))}</p>`,
        ]) {
          const { elements, text: shown } = renderSummary(html);
          expect(elements.every(({ name }) => name === 'code' || name === 'p')).toBe(true);
          expect(shown.replace(/[\u200b\s]+/g, '')).toBe(
            singleLine(any, 5_000).replace(/[\u200b\s]+/g, ''),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a diagram has letters, digits, blanks, dots and dashes of it', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(diagramText(any)).toMatch(/^[\p{L}\p{N} .-]{0,60}$/u);
      }),
    );
  });

  test('a secret in it is hidden, also where the text is cut', () => {
    const secret = 'top"secret/key+7';
    registerSecret(secret);
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('hex'),
      Buffer.from(secret).toString('base64url'),
    ];
    for (const around of ['Bearer ', 'x', 'xy']) {
      const encoded = Buffer.from(`${around}${secret}:`).toString('base64');
      expect(Buffer.from(singleLine(encoded), 'base64').toString()).not.toContain(
        secret.slice(2, -2),
      );
    }
    fc.assert(
      fc.property(text, text, fc.constantFrom(...forms), fc.nat(40), (before, after, form, cut) => {
        const hidden = singleLine(`${before}${form}${after}`, before.length + cut + 1);
        expect(hidden).not.toContain(form);
        expect(hidden.endsWith(`${form.slice(0, 10)}…`)).toBe(false);
      }),
    );
  });
});

test('A secret in an answer is hidden where the answer’s text is cut', () => {
  const secret = 'another-secret-key-8';
  registerSecret(secret);
  for (let before = 170; before <= 200; before += 1) {
    const text = `${'\u0000'.repeat(before)}${secret}${'x'.repeat(100)}`;
    const { committer_name } = toDeployment({ id: 'x', deploy_number: 1, committer_name: text });
    expect(singleLine(committer_name ?? '').trim()).toMatch(/^\*{0,3}x*$/);
  }
});

test('Ordinary text stays as it is', () => {
  for (const ordinary of [
    'Fix #12: use std::vector, 50% faster — see https://example.com/a?b=c&d=e',
    'Größe geändert ✓ 日本語 👩‍💻',
    'a: b :: c ## [x]',
  ]) {
    expect(escapeLogLine(ordinary)).toBe(ordinary);
  }
  expect(escapeLogLine('::error::x')).toBe(': :error::x');
  expect(escapeLogLine('see ##[error]x')).toBe('see # #[error]x');
  expect(escapeLogLine('\u001b[31mred\u001b[0m\ttab')).toBe('red tab');
});

test('Terminal escapes that never end take no time to speak of', () => {
  for (const piece of ['\u001b]a', '\u001b[0', '\u001b(', '\u009d', '::', '##[']) {
    const startedAt = performance.now();
    escapeLogLine(piece.repeat(200_000));
    // Quadratic time would be minutes.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  }
});
