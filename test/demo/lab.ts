import { NetLab, type Namespace } from '../support/netns.ts';

/** The addresses of the laboratory, for who talks about it. */
export const PLACES = {
  client: '192.168.7.2',
  routerInside: '192.168.7.1',
  /** What the client looks like from outside. */
  routerOutside: '198.51.100.2',
  web: '192.0.2.80',
  gateway: '203.0.113.1',
  lanHost: '10.1.0.10',
  lanHost6: 'fd01::10',
  lan: ['10.1.0.0/16', 'fd01::/48'],
  pools: ['10.9.0.0/24', 'fd09::/64'],
} as const;

export interface DemoLab {
  readonly lab: NetLab;
  readonly client: Namespace;
  readonly router: Namespace;
  readonly internet: Namespace;
  readonly gateway: Namespace;
  readonly lanHost: Namespace;
  /** The interface of the router that faces the internet: what an eavesdropper sees. */
  readonly outerLink: string;
}

/**
 * A laptop behind a home router, the internet, and an office behind its gateway:
 *
 *   client ------- router ~~~~~~~~ internet ------- gateway ------- LAN host
 *   192.168.7.2    NAT             192.0.2.80       203.0.113.1     10.1.0.10
 *                  198.51.100.2    (a web site)     10.1.0.1        fd01::10
 */
export function buildLab(label: string): DemoLab {
  const lab = NetLab.create(label);
  try {
    const [client, router, internet, gateway, lanHost] = [
      lab.namespace('client'),
      lab.namespace('router'),
      lab.namespace('internet'),
      lab.namespace('gateway'),
      lab.namespace('lan'),
    ];
    lab.link(client, router, { addrA: [`${PLACES.client}/24`], addrB: [`${PLACES.routerInside}/24`] });
    const [outerLink] = lab.link(router, internet, {
      addrA: [`${PLACES.routerOutside}/30`],
      addrB: ['198.51.100.1/30'],
      names: ['wan', 'isp'],
    });
    lab.link(internet, gateway, { addrA: ['203.0.113.254/24'], addrB: [`${PLACES.gateway}/24`] });
    lab.link(gateway, lanHost, {
      addrA: ['10.1.0.1/16', 'fd01::1/48'],
      addrB: [`${PLACES.lanHost}/16`, `${PLACES.lanHost6}/48`],
    });
    lab.bridge(internet, 'site', [`${PLACES.web}/24`]);
    lab.masquerade(router, outerLink);
    lab.forward(internet);
    lab.forward(gateway);
    lab.route(client, 'default', 'via', PLACES.routerInside);
    lab.route(router, 'default', 'via', '198.51.100.1');
    lab.route(gateway, 'default', 'via', '203.0.113.254');
    lab.route(lanHost, 'default', 'via', '10.1.0.1');
    lab.route(lanHost, 'default', 'via', 'fd01::1');
    return { lab, client, router, internet, gateway, lanHost, outerLink };
  } catch (error) {
    lab.destroy();
    throw error;
  }
}
