import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const FILE = resolve('fakes/certificate.pem');

/**
 * A certificate for `nodion.test`, `proxy.test`, `localhost` and 127.0.0.1 until 2120, its own authority.
 * Made by openssl for tests alone; nothing else trusts it.
 */
export const CERTIFICATE = readFileSync(FILE, 'utf8');

/** The environment of a process that trusts it. */
export const TRUST = { NODE_EXTRA_CA_CERTS: FILE } as const;

/** The key of {@link CERTIFICATE}. */
export const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgo5Wmq3r8upMSf39T
dGdrHux8+8LOx7NgiB7vmgsAXuihRANCAAQB5nhGc9AH0RMhqn6pDQLLEQm/ZRJG
CXzQy4V/+d4e1T4aurVr/ULGPZuPFJ3K9qTKer9Euc7fHwsTaCD4cu3T
-----END PRIVATE KEY-----
`;
