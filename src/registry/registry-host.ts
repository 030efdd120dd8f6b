import { isLoopback } from '../http/loopback.ts';
import { isRegistryHost } from './reference-grammar.ts';

/** Docker Hub, as its own tools and others name it. */
const DOCKER_HUB = /^(?:(?:index|registry-1|www)\.)?docker\.io$|^(?:registry\.)?hub\.docker\.com$/;

/** The host that `text`, a host or an address, names, in lower case and without the port of https; `docker.io` for all names of Docker Hub; null for none. */
export function registryHost(text: string): string | null {
  const [, host = ''] = /^(?:https?:\/\/)?([^/]+)(?:\/.*)?$/i.exec(text.trim()) ?? [];
  if (!isRegistryHost(host)) return null;
  const name = host.toLowerCase().replace(/:443$/, '');
  return DOCKER_HUB.test(name) ? 'docker.io' : name;
}

/** Where the registry of that host is asked. Plain text is for loopback alone. */
export function registryOrigin(host: string): string {
  const asked = host === 'docker.io' ? 'registry-1.docker.io' : host;
  const { hostname } = new URL(`https://${asked}`);
  return new URL(`${isLoopback(hostname) ? 'http' : 'https'}://${asked}`).origin;
}

/**
 * Whether the registry at `origin` may send for its token to `realm`: to itself, or over TLS to a name
 * that has its last two labels, as `registry.gitlab.com` does to `gitlab.com`.
 */
export function isOwnRealm(realm: URL, origin: string): boolean {
  if (realm.username + realm.password !== '') return false;
  if (realm.origin === origin) return true;
  const registry = new URL(origin);
  return (
    [realm, registry].every(
      ({ protocol, hostname }) => protocol === 'https:' && isName(hostname),
    ) && lastLabels(realm.hostname) === lastLabels(registry.hostname)
  );
}

function isName(hostname: string): boolean {
  return hostname.includes('.') && !/^(?:\[|[\d.]+$)/.test(hostname);
}

/** Two, or three where the last two are everybody's, as `co.uk` is. */
function lastLabels(hostname: string): string {
  const name = hostname.replace(/\.$/, '');
  const count = /(?:^|\.)(?:ac|co|com|edu|go|gov|ne|net|or|org)\.[a-z]{2}$/.test(name) ? 3 : 2;
  return name.split('.').slice(-count).join('.');
}
