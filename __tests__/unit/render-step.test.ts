import { expect, test } from '@jest/globals';
import { outputLine, wrap } from '../../scripts/render-step.ts';

test('Text fits a terminal of 80 columns', () => {
  const words = 'It was meant to restore docker.io/shop:v1.9.0, because of 12 bad answers, and';
  expect(wrap(`${words} the last one.\n\n#\u200b3 is live.`)).toBe(
    `  ${words}\n    the last one.\n  #3 is live.`,
  );
  expect(wrap('x'.repeat(100))).toBe(`  ${'x'.repeat(100)}`);
});

test('What is in columns stays so', () => {
  expect(wrap('             Deployment   Version')).toBe('               Deployment   Version');
});

test('JSON is shown in lines of its own', () => {
  expect(outputLine('ids', '["a"]')).toBe('  ids:\n    [\n      "a"\n    ]');
  expect(outputLine('reason', 'live')).toBe('  reason: live');
});
