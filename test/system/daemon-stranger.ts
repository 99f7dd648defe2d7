/** What a user tries who did not start the connection: prints, as JSON, what came of each attempt. */
import { setTimeout as pause } from 'node:timers/promises';
import { daemonApi, type Status } from '../../core/contract/daemon-api.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { connect } from '../../core/rpc/connect.ts';

const [path = '', profile = '', need = '1'] = process.argv.slice(2);
const client = await connect({ api: daemonApi, path, ownerUid: 0, client: 'stranger' });
if (!client.ok) {
  console.log(JSON.stringify({ connected: client.error.code }));
} else {
  const seen: Status[] = [];
  client.value.open('status', {}, { item: (status) => seen.push(status), end: () => undefined });
  const call = client.value;
  const code = (outcome: { readonly ok: boolean; readonly error?: { readonly code: string } }): string =>
    outcome.error?.code ?? 'ok';
  const attempts = {
    down: code(await call.call('connection.down', {})),
    up: code(await call.call('connection.up', { profile: 'system.office' })),
    answer: code(await call.call('need.answer', { need: Number(need) }, SecretBytes.ofText('guess'))),
    refuse: code(await call.call('need.refuse', { need: Number(need) })),
    read: code(await call.call('profile.read', { profile })),
    write: code(await call.call('profile.write', { profile, contents: {} })),
    remove: code(await call.call('profile.remove', { profile })),
    policy: code(await call.call('policy.write', { profile, policy: { version: 1 } })),
    log: code(await call.call('log.read', { lines: 10 })),
    repair: code(await call.call('doctor.repair', {})),
  };
  const list = await call.call('profile.list', {});
  await pause(50);
  console.log(JSON.stringify({ attempts, list: list.ok ? list.value : [], seen: seen.at(-1) }));
  client.value.close();
}
