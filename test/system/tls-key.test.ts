/** Who proves to have which key over TLS, asked of real servers on the loopback: honest ones, odd ones and hostile ones. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { createServer as createTlsServer, Server as TlsServer, type TlsOptions } from 'node:tls';
import { parseAddress } from '../../core/net/address.ts';
import { askTlsKey, type TlsKeyAnswer } from '../../core/platform/linux/tls-key.ts';
import { NetLab } from '../support/netns.ts';
import { issue, type Issued, makeCa } from '../support/pki-factory.ts';

const MARK = 0xca75;
const TIMEOUT_MS = 600;

const ca = makeCa({ name: 'Some authority', key: 'p256' });
const servers: Server[] = [];
const sockets = new Set<Socket>();

async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Whoever asks it is answered by `talk`. */
function raw(talk: (socket: Socket) => void): Promise<number> {
  return listening(createServer(talk));
}

function secure({ pem, keyPem }: Issued, options: TlsOptions = {}, host?: string): Promise<number> {
  const server = createTlsServer({ cert: pem, key: keyPem, ...options });
  server.on('tlsClientError', () => undefined);
  return listening(server, host);
}

function ask(port: number, host = '127.0.0.1', serverName?: string): Promise<TlsKeyAnswer> {
  const address = parseAddress(host);
  assert.ok(address);
  const name = serverName === undefined ? {} : { serverName };
  return askTlsKey({ address, port, mark: MARK, device: 'lo', timeoutMs: TIMEOUT_MS, ...name });
}

function pinOf({ key }: Issued): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

describe('the key of a TLS server', { skip: NetLab.unavailable() }, () => {
  after(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });

  test('is found whatever its kind, its certificate’s name, authority and age, and the version of TLS', async () => {
    for (const key of ['p256', 'p384', 'rsa2048', 'ed25519'] as const) {
      const leaf = issue(ca, {
        subject: 'CN=anything',
        key,
        notBefore: '2020-01-01T00:00:00Z',
        notAfter: '2020-01-02T00:00:00Z',
      });
      const expected = { kind: 'key', pin: pinOf(leaf) };
      assert.deepEqual(await ask(await secure(leaf)), expected, key);
      assert.deepEqual(await ask(await secure(leaf, { maxVersion: 'TLSv1.2' })), expected, key);
      assert.deepEqual(await ask(await secure(leaf, {}, '::1'), '::1'), expected, key);
    }
  });

  test('is asked for by the name that the server is known by, of those that it has', async () => {
    const [one, other] = [
      issue(ca, { subject: 'CN=one', key: 'p256' }),
      issue(ca, { subject: 'CN=other', key: 'p256' }),
    ];
    const port = await secure(one);
    const server = servers.at(-1);
    assert.ok(server instanceof TlsServer);
    server.addContext('beacon.test', { cert: other.pem, key: other.keyPem });
    assert.deepEqual(await ask(port, '127.0.0.1', 'beacon.test'), { kind: 'key', pin: pinOf(other) });
    assert.deepEqual(await ask(port), { kind: 'key', pin: pinOf(one) });
  });

  test('sends nothing behind the handshake', async () => {
    const leaf = issue(ca, { subject: 'CN=quiet', key: 'p256' });
    let heard = 0;
    const server = createTlsServer({ cert: leaf.pem, key: leaf.keyPem }, (socket) => {
      socket.on('data', (octets: Buffer) => (heard += octets.length));
      socket.on('error', () => undefined);
    });
    assert.equal((await ask(await listening(server))).kind, 'key');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(heard, 0);
  });

  test('is not proved by a certificate alone, which anybody can copy', async () => {
    const leaf = issue(ca, { subject: 'CN=copied', key: 'p256' });
    const honest = await secure(leaf, { maxVersion: 'TLSv1.2' });
    assert.equal((await ask(honest)).kind, 'key');
    let lies = 0;
    // Everything of the honest server's but a word of what it signed: its key exchange, as who wants to read along has to.
    const liar = await raw((socket) => {
      const upstream = connect(honest, '127.0.0.1');
      sockets.add(upstream.on('error', () => undefined));
      socket.pipe(upstream);
      upstream.on('data', (octets: Buffer) => {
        const changed = withAnotherKeyExchange(octets);
        if (!changed.equals(octets)) lies += 1;
        socket.write(changed);
      });
    });
    assert.equal((await ask(liar)).kind, 'no-tls');
    assert.equal(lies, 1);
  });

  test('is not what says something else than TLS, hangs up, or speaks a TLS that is too old', async () => {
    const web = await raw((socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n'));
    assert.equal((await ask(web)).kind, 'no-tls');
    assert.equal((await ask(await raw((socket) => socket.end()))).kind, 'no-tls');
    assert.equal((await ask(await raw((socket) => socket.resetAndDestroy()))).kind, 'no-tls');
    const leaf = issue(ca, { subject: 'CN=old', key: 'rsa2048' });
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    assert.equal((await ask(await secure(leaf, old))).kind, 'no-tls');
    assert.equal(
      (await ask(await secure(leaf, { maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0' }))).kind,
      'no-tls',
    );
  });

  test('is waited for no longer than it was said, whether nobody speaks or somebody never ends', async () => {
    const silent = await raw(() => undefined);
    const slow = await raw((socket) => {
      const drip = setInterval(() => socket.write(Uint8Array.of(22)), 20);
      socket.on('close', () => clearInterval(drip));
    });
    for (const port of [silent, slow]) {
      const beganAt = performance.now();
      assert.equal((await ask(port)).kind === 'key', false);
      assert.ok(performance.now() - beganAt < TIMEOUT_MS + 400);
    }
    assert.equal((await ask(silent)).kind, 'silent');
  });

  test('is not read on for when there is no end to what is sent', async () => {
    let sent = 0;
    // Records of a handshake message that is longer than any certificate.
    const record = new Uint8Array(5 + 16_384).fill(0);
    record.set([22, 3, 3, 0x40, 0]);
    const flood = await raw((socket) => {
      const pour = (): void => {
        while (!socket.destroyed && socket.write(record)) sent += record.length;
        sent += record.length;
      };
      socket.on('drain', pour);
      pour();
    });
    const beganAt = performance.now();
    assert.equal((await ask(flood)).kind, 'no-tls');
    assert.ok(performance.now() - beganAt < TIMEOUT_MS / 2);
    assert.ok(sent < 16 * 1024 * 1024, `${sent} octets`);
  });

  test('is not there where nobody listens, and where no interface leads', async () => {
    const port = await raw(() => undefined);
    const server = servers.at(-1);
    assert.ok(server);
    server.close();
    await once(server, 'close');
    assert.equal((await ask(port)).kind, 'refused');
    const address = parseAddress('127.0.0.1');
    assert.ok(address);
    const asked = { address, port, mark: MARK, timeoutMs: TIMEOUT_MS };
    assert.equal((await askTlsKey({ ...asked, device: 'nosuchdevice0' })).kind, 'no-way');
  });
});

/** A server's first flight of TLS 1.2 with one bit of the point in its ServerKeyExchange turned over. */
function withAnotherKeyExchange(octets: Buffer): Buffer {
  const changed = Buffer.from(octets);
  for (let at = 0; at + 9 < changed.length; at += 5 + changed.readUInt16BE(at + 3)) {
    const isHandshake = changed[at] === 22;
    // handshake type 12; 4 octets of header, 4 of the curve, then the point.
    if (isHandshake && changed[at + 5] === 12)
      changed[at + 5 + 4 + 4 + 8] = (changed[at + 5 + 4 + 4 + 8] ?? 0) ^ 1;
  }
  return changed;
}
