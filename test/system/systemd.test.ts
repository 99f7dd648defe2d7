/** The units of an installation under systemd itself, with everything that they forbid in force. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { install } from '../../build/install.ts';
import { LAN_HOST } from '../interop/lab.ts';
import {
  BY_PASSWORD,
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
  type Office,
} from '../interop/office.ts';
import { NetLab } from '../support/netns.ts';
import { notUnpacked } from '../support/private-machine.ts';
import { noSystemd, onSystemd } from '../support/systemd-machine.ts';

const PREFIX = '/run/cw-installed';
const CLI = `${PREFIX}/bin/causeway`;
const skip = NetLab.unavailable() || notUnpacked('systemd') || noSystemd();

describe('systemd', { skip }, () => {
  const installation = mkdtempSync(join(tmpdir(), 'cw-units-'));
  let office: Office;

  before(async () => {
    await install({ destination: installation, prefix: PREFIX });
    office = await openOffice('sysd');
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
    writeFileSync(
      join(installation, 'etc/office.json'),
      JSON.stringify(passwordProfile({ tunnel: { addresses: ['ipv4'] } })),
    );
  });
  after(async () => {
    rmSync(installation, { recursive: true, force: true });
    await office.close();
  });

  test('starts the service when it stands, lets it do its work, starts it again and ends it in order', async () => {
    const said = await onSystemd({
      namespace: office.net.client,
      installation,
      prefix: PREFIX,
      script: `
        main() { systemctl show -p MainPID --value causewayd.service; }
        state() { systemctl show -p ActiveState -p SubState --value "$1" | sort | tr '\\n' ' '; }
        echo "boot: $(state causeway-boot.service)"
        echo "service: $(state causewayd.service)"
        stat -c 'place: %n %a %U %G' /run/causewayd /run/causewayd/socket /run/causeway /var/lib/causeway /var/log/causeway
        grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/$(main)/status
        ${CLI} profile import /etc/office.json
        echo '${USER.password}' > /run/password
        ${CLI} up Office --password-fd 3 3< /run/password
        ping -c 1 -W 5 ${LAN_HOST} > /run/pinged && echo 'the office answers'
        ${CLI} settings kill-switch always
        kill -9 $(main)
        sleep 2
        echo "killed: $(state causewayd.service)restarts $(systemctl show -p NRestarts --value causewayd.service)"
        ${CLI} status
        ${CLI} doctor
        ip link show causeway0
        systemctl stop causewayd.service
        echo "stopped: $(state causewayd.service)$(systemctl show -p Result --value causewayd.service)"
        nft list table inet causeway | head -1
        ${PREFIX}/sbin/causewayd --put-back --log-file /dev/null
        nft list ruleset | wc -l
        grep -E ' (error|warn) ' /var/log/causeway/causewayd.log
      `,
    });
    const lines = [
      /^boot: active exited $/m,
      /^service: active running $/m,
      /^place: \/run\/causewayd 750 root causeway$/m,
      /^place: \/run\/causewayd\/socket 660 root causeway$/m,
      /^place: \/run\/causeway 700 root root$/m,
      /^place: \/var\/lib\/causeway 700 root root$/m,
      /^place: \/var\/log\/causeway 700 root root$/m,
      /^CapEff:\t0000000000001402$/m,
      /^NoNewPrivs:\t1$/m,
      /^Seccomp:\t2$/m,
      /Connected to Office/,
      /^the office answers$/m,
      /^killed: active running restarts 1$/m,
      /^Not connected\. The kill switch lets nothing else pass\.$/m,
      /network settings: in order/,
      /^Device "causeway0" does not exist\.$/m,
      /^stopped: dead inactive success$/m,
      /^table inet causeway \{$/m,
      /^causewayd: info put-back.*\n0$/m,
    ];
    for (const line of lines) assert.match(said, line);
    assert.doesNotMatch(said, /EPERM|EACCES|EROFS|Read-only|not permitted/);
  });
});
