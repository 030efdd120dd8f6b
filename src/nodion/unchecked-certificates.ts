import * as commands from '../runner/commands.ts';
import { sentence } from '../runner/sentence.ts';

/** Node obeys the variable, and says so on a standard error that nobody reads. */
export function warnOfUncheckedCertificates(): void {
  commands.warning('Certificates are not checked', [
    sentence`NODE_TLS_REJECT_UNAUTHORIZED is 0: no certificate is checked, so the key is sent to whoever answers.`,
    sentence`Remove it; NODE_EXTRA_CA_CERTS names an authority of your own.`,
  ]);
}
