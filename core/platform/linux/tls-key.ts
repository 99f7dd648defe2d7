import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, createSecureContext } from 'node:tls';
import type { IpAddress } from '../../net/address.ts';
import { tcpConnect } from '../../node-tun/tcp.ts';
import { ENDPOINT_LENGTH } from '../ports.ts';

/** What a server may send before its proof is there: certificates are the most of it. */
const LONGEST_HANDSHAKE = 128 * 1024;

export interface TlsKeyRequest {
  readonly address: IpAddress;
  readonly port: number;
  /** Told to the server, which may have several keys. */
  readonly serverName?: string;
  /** Packets go past the tunnel by this mark, … */
  readonly mark: number;
  /** … and by this interface and no other. */
  readonly device: string;
  readonly timeoutMs: number;
}

export type TlsKeyAnswer =
  /** The SHA-256 of the SubjectPublicKeyInfo in base64, of the key that the server has proved to have. */
  | { readonly kind: 'key'; readonly pin: string }
  | { readonly kind: 'refused' | 'silent' | 'no-tls' | 'no-way' | 'forbidden'; readonly detail: string };

/** Errors of a connection that did not come to be, by what they mean. Everything else is a TLS that failed. */
const MEANINGS: Readonly<Record<string, 'refused' | 'silent' | 'no-way' | 'forbidden'>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'no-way',
  ENETUNREACH: 'no-way',
  ENETDOWN: 'no-way',
  ENODEV: 'no-way',
  EADDRNOTAVAIL: 'no-way',
  EINVAL: 'no-way',
  ETIMEDOUT: 'silent',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
};

/**
 * Asks who is there, by a TLS handshake and nothing else: no request is sent and nothing that comes behind the handshake
 * is read. Names, dates and authorities of the certificate mean nothing here; that its key is the server's does, and
 * is proved when the handshake is over. Time and octets are limited, because anybody may answer. Never rejects.
 */
export function askTlsKey(request: TlsKeyRequest): Promise<TlsKeyAnswer> {
  const { promise, resolve } = Promise.withResolvers<TlsKeyAnswer>();
  let raw: Socket;
  try {
    raw = new Socket({ fd: tcpConnect(endpointOf(request), request), readable: true, writable: true });
  } catch (error) {
    return Promise.resolve(answerOf(error));
  }
  const wire = bounded(raw);
  const tls = connect({
    socket: wire,
    // No authority is trusted, and none has to be: the pin decides.
    secureContext: createSecureContext({ ca: [], minVersion: 'TLSv1.2' }),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(request.serverName === undefined ? {} : { servername: request.serverName }),
  });
  const settle = (answer: TlsKeyAnswer): void => {
    clearTimeout(timer);
    resolve(answer);
    for (const stream of [tls, wire, raw]) stream.destroy();
  };
  const timer = setTimeout(
    () => settle({ kind: 'silent', detail: raw.bytesRead > 0 ? 'it did not come to an end' : 'no answer' }),
    request.timeoutMs,
  );
  raw.on('error', (error) => settle(answerOf(error)));
  const broken = (error?: Error): void =>
    settle({ kind: 'no-tls', detail: error?.message ?? 'the connection was closed' });
  tls.on('error', broken);
  tls.on('close', () => broken());
  wire.on('error', broken);
  wire.on('close', () => broken());
  tls.once('secureConnect', () => settle(keyOf(() => tls.getPeerX509Certificate()?.publicKey)));
  return promise;
}

/** The key as OpenSSL knows it, which has checked the server's proof: nobody else's reading of the certificate counts. */
function keyOf(
  publicKey: () => { export(options: { type: 'spki'; format: 'der' }): Buffer } | undefined,
): TlsKeyAnswer {
  try {
    const spki = publicKey()?.export({ type: 'spki', format: 'der' });
    if (spki) return { kind: 'key', pin: createHash('sha256').update(spki).digest('base64') };
    return { kind: 'no-tls', detail: 'no certificate' };
  } catch (error) {
    return { kind: 'no-tls', detail: error instanceof Error ? error.message : String(error) };
  }
}

function answerOf(error: unknown): TlsKeyAnswer {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return { kind: MEANINGS[code] ?? 'no-tls', detail: code };
}

/** A stream with the octets of a socket, which breaks when there are too many. */
function bounded(raw: Socket): Duplex {
  let received = 0;
  const stream = new Duplex({
    read: () => void raw.resume(),
    write: (octets: Buffer, _encoding, done) => void raw.write(octets, () => done()),
    final: (done) => void raw.end(done),
  });
  raw.on('data', (octets: Buffer) => {
    received += octets.length;
    if (received > LONGEST_HANDSHAKE) stream.destroy(new Error('the handshake is too long'));
    else if (!stream.push(octets)) raw.pause();
  });
  raw.on('end', () => stream.push(null));
  return stream;
}

function endpointOf({ address: { family, octets }, port }: TlsKeyRequest): Uint8Array {
  const endpoint = new Uint8Array(ENDPOINT_LENGTH);
  endpoint.set([family, 0, port >> 8, port & 0xff]);
  endpoint.set(octets, 4);
  return endpoint;
}
