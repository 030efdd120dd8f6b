/** Texts that try to be more than text, each with the word PWNED where they would show. */
export const PAYLOADS: readonly string[] = [
  '::error::PWNED',
  ' \t \u00a0::add-mask::PWNED',
  '\u200b::warning::PWNED',
  'a\n::error::PWNED',
  'a\r::error::PWNED',
  'a\r\n::stop-commands::PWNED',
  'a\u2028::error::PWNED',
  'a\u0085::error::PWNED',
  '##[error]PWNED',
  'text ##[group]PWNED',
  '###[warning]PWNED ##[endgroup]PWNED',
  '##\u001b[0m[error]PWNED',
  '#\u0000#[error]PWNED',
  '%0A::error::PWNED',
  '\u001b[2J\u001b]0;PWNED\u0007\u009b31mPWNED',
  '\u202e::error::PWNED\u2066',
  'a\nPWNED=1',
  'a\nghadelimiter_0\nPWNED<<x\n1\nx',
  '<img src=x onerror=PWNED>',
  '</code></td></tr></table><script>PWNED</script>',
  '</details><!-- PWNED',
  '&lt;b&gt;PWNED &#60;i&#62;',
  '[PWNED](https://evil.example) ![PWNED](https://evil.example/x.png)',
  '# PWNED\n\n| a |\n|---|\n| PWNED |',
  '```\nPWNED\n```\n~~~',
  '**PWNED** _PWNED_ ~~PWNED~~ `PWNED`',
  '@PWNED octo-org/octo-repo#1 https://evil.example/PWNED www.evil.example/PWNED x@evil.example',
  '%%{init: {"theme": "PWNED"}}%%',
  'section PWNED\nclick PWNED href "https://evil.example"',
  'PWNED :crit, a, b; title PWNED #35;',
  '\ud800PWNED\udfff',
  `${'PWNED '.repeat(3_000)}`,
];

/** Names of domains that are no plain host names. */
export const NO_HOST_NAMES: readonly string[] = [
  'nodion.test/evil?',
  'evil@nodion.test',
  'nodion.test:8443',
  '[::1]',
  'nodion.test evil',
  'nodion.test\n::error::evil',
  '*.nodion.test',
  '',
];

/** Control and bidi characters but for line feeds: none may be left in a log. */
export const CONTROLS = /[^\P{Cc}\n]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
