import { isLoopback } from '../http/loopback.ts';
import { InvalidValue, matching, optional, required, withDefault } from '../runner/inputs.ts';
import { isUuid } from './responses.ts';

const uuid = matching('a UUID, such as 0ce705eb-fb11-485a-b380-82cdb8b97036', isUuid);

function apiKey(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new InvalidValue(
      'expected the key alone, without spaces, line breaks or other characters outside printable ASCII',
    );
  }
  return text;
}

/** Without trailing slashes. */
function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isAllowed =
    url !== null &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) &&
    url.username + url.password === '' &&
    !/[?#@\s\\]/.test(text);
  if (!isAllowed) {
    throw new InvalidValue(
      'expected an https:// address, or http:// on loopback, without credentials, query or fragment',
    );
  }
  return url.href.replace(/(?<!\/)\/+$/, '');
}

/** How to reach Nodion: the inputs that all actions share. */
export const connectionInputs = {
  api_key: { ...required(apiKey), secret: true },
  project_id: optional(uuid),
  api_url: { ...withDefault('https://api.nodion.com/v1', apiUrl), isAddress: true },
};
