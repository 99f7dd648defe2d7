import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from './netns.ts';

const PARAMETERS = 'cat /proc/sys/net/ipv4/conf/*/src_valid_mark /proc/sys/net/ipv4/conf/*/rp_filter';

/**
 * Everything about a namespace that a connection may change, and whatever it notes about that, to be compared: without
 * the numbers of interfaces and what the kernel counts by itself.
 */
export function pictureOf(machine: Namespace, stateDirectory?: string): Record<string, string> {
  const sorted = (text: string): string => text.split('\n').sort().join('\n');
  const links = (text: string): string => text.replaceAll(/^\d+: /gm, '').replaceAll(/ state \S+/g, '');
  const routes = (text: string): string => sorted(text.replaceAll(/ expires \d+sec/g, ''));
  return {
    links: links(machine.ip('-oneline', 'link', 'show')),
    addresses: links(machine.ip('-oneline', 'address', 'show')).replaceAll(/_lft \d+sec/g, '_lft'),
    rules: machine.ip('rule', 'show'),
    rules6: machine.ip('-6', 'rule', 'show'),
    routes: routes(machine.ip('route', 'show', 'table', 'all')),
    routes6: routes(machine.ip('-6', 'route', 'show', 'table', 'all')),
    nft: machine.run(['/usr/sbin/nft', 'list', 'ruleset']),
    parameters: machine.run(['/bin/sh', '-c', PARAMETERS]),
    'resolv.conf': readFileSync(`/etc/netns/${machine.name}/resolv.conf`, 'utf8'),
    journals: journalsOf(machine, stateDirectory).join('\n'),
  };
}

/** Files that say what is changed, and those that were to become one. */
function journalsOf(machine: Namespace, stateDirectory: string | undefined): string[] {
  const inode = machine.run(['/usr/bin/readlink', '/proc/self/ns/net']).replace(/\D/g, '');
  const places = ['/run/causeway', ...(stateDirectory === undefined ? [] : [join(stateDirectory, 'dns')])];
  return places.flatMap((place) =>
    (existsSync(place) ? readdirSync(place) : [])
      .filter((name) => name.startsWith(`net-${inode}.`))
      .map((name) => join(place, name)),
  );
}
