import { NetLab, type Namespace } from '../support/netns.ts';

/*
 * The network of the tests against real gateways. The client reaches the gateway straight (over IPv4 or IPv6)
 * or through a NAT, by which of its addresses it dials.
 *
 *             +------- 192.0.2.2/24, 2001:db8:2::2/64 --- direct --- 192.0.2.1, 2001:db8:2::1 -------+
 *   client ---+                                                                                      +--- gateway --- lan
 *             +--- 10.9.0.2/24 --- 10.9.0.1 [nat] 203.0.113.1 --- natted --- 203.0.113.10 -----------+
 *
 *   lan: 10.50.0.0/24 and fd50::/64, the gateway is .1 and ::1, the host that is visited .10 and ::10
 */

export const DIRECT = '192.0.2.1';
export const DIRECT_V6 = '2001:db8:2::1';
export const NATTED = '203.0.113.10';
/** The gateway's name: in its certificate, and known to the client's resolver as its direct address. */
export const GATEWAY_NAME = 'gateway.test';
export const LAN_HOST = '10.50.0.10';
export const LAN_HOST_V6 = 'fd50::10';

export interface InteropLab {
  readonly lab: NetLab;
  readonly client: Namespace;
  readonly nat: Namespace;
  readonly gateway: Namespace;
  readonly lan: Namespace;
}

/** Builds the network above. `label` as NetLab.create wants it. */
export function interopLab(label: string): InteropLab {
  const lab = NetLab.create(label);
  const [client, nat, gateway, lan] = ['client', 'nat', 'gw', 'lan'].map((name) => lab.namespace(name)) as [
    Namespace,
    Namespace,
    Namespace,
    Namespace,
  ];
  lab.link(client, gateway, {
    addrA: ['192.0.2.2/24', '2001:db8:2::2/64'],
    addrB: [`${DIRECT}/24`, `${DIRECT_V6}/64`],
    names: ['direct', 'direct'],
  });
  lab.link(client, nat, { addrA: ['10.9.0.2/24'], addrB: ['10.9.0.1/24'], names: ['behind', 'inside'] });
  lab.link(nat, gateway, {
    addrA: ['203.0.113.1/24'],
    addrB: [`${NATTED}/24`],
    names: ['outside', 'natted'],
  });
  lab.link(gateway, lan, {
    addrA: ['10.50.0.1/24', 'fd50::1/64'],
    addrB: [`${LAN_HOST}/24`, `${LAN_HOST_V6}/64`],
    names: ['lan', 'eth0'],
  });
  lab.route(client, 'default', 'via', '10.9.0.1');
  lab.masquerade(nat, 'outside');
  // What the client would write to /etc/resolv.conf stays in its namespace.
  client.etc('resolv.conf', '# no name servers\n');
  client.etc('hosts', `127.0.0.1 localhost\n${DIRECT} ${GATEWAY_NAME}\n`);
  lab.forward(gateway);
  lab.route(lan, 'default', 'via', '10.50.0.1');
  lab.route(lan, 'default', 'via', 'fd50::1');
  return { lab, client, nat, gateway, lan };
}
