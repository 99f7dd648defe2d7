import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { waitFor } from './netns.ts';
import { type PrivateMachine, UNPACKED } from './private-machine.ts';

const PLACE = join(UNPACKED, 'systemd-resolved');
const BUS_CONFIGURATION = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true"/>
    <allow receive_type="method_call"/>
    <allow receive_type="signal"/>
    <allow receive_requested_reply="true"/>
  </policy>
</busconfig>
`;

/** Debian's systemd-resolved on a machine with files of its own, on a system bus of its own. */
export class Resolved {
  readonly #machine: PrivateMachine;
  #daemon: ChildProcess | undefined;

  private constructor(machine: PrivateMachine) {
    this.#machine = machine;
  }

  /** `configuration`: of resolved.conf(5). The machine's /etc/resolv.conf leads to it afterwards. */
  static async start(machine: PrivateMachine, configuration: string): Promise<Resolved> {
    machine.sh('mkdir -p /run/dbus /run/systemd/resolve /etc/systemd');
    machine.write('/run/bus.conf', BUS_CONFIGURATION);
    machine.write('/etc/systemd/resolved.conf', `[Resolve]\n${configuration}`);
    machine.sh(
      'grep -q systemd-resolve /etc/passwd || echo "systemd-resolve:x:993:993::/:/bin/false" >> /etc/passwd',
    );
    machine.sh('grep -q systemd-resolve /etc/group || echo "systemd-resolve:x:993:" >> /etc/group');
    machine.sh('chown 993:993 /run/systemd/resolve');
    const argv = ['/usr/bin/dbus-daemon', '--config-file=/run/bus.conf', '--nofork', '--nopidfile'];
    machine.spawn(argv, { stdio: 'ignore' });
    const bus = ['/usr/bin/test', '-S', '/run/dbus/system_bus_socket'];
    await waitFor(() => machine.exec(bus).status === 0, 10_000, 'a system bus');
    const resolved = new Resolved(machine);
    await resolved.begin();
    machine.sh('ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf');
    return resolved;
  }

  /** Starts it, again perhaps. */
  async begin(): Promise<void> {
    const env = { SYSTEMD_LOG_LEVEL: 'warning', PATH: '/usr/sbin:/usr/bin' };
    this.#daemon = this.#machine.spawn([join(PLACE, 'lib/systemd/systemd-resolved')], {
      stdio: 'ignore',
      env,
    });
    await waitFor(() => this.ctl('status').status === 0, 10_000, 'systemd-resolved');
  }

  /** Ends it without a chance to do anything. */
  async kill(): Promise<void> {
    const daemon = this.#daemon;
    const gone = new Promise((resolve) => daemon?.once('close', resolve));
    daemon?.kill('SIGKILL');
    await gone;
  }

  /** Its own tool. */
  ctl(...args: readonly string[]): {
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
  } {
    return this.#machine.exec([join(PLACE, 'usr/bin/resolvectl'), '--no-pager', ...args]);
  }

  /** Its settings of a link, as it shows them. */
  link(name: string): string {
    return this.ctl('status', name).stdout;
  }
}
