import {
  MAIN_FIRST_PREFERENCE,
  MARKED_PREFERENCE,
  MARKED_TABLE,
  MARKS_TABLE,
  STEERED_MARK,
  TUNNEL_DEVICE,
  TUNNEL_PREFERENCE,
  TUNNEL_TABLE,
} from './numbers.ts';

/**
 * One change to the machine, small enough that it happened or did not. It says everything that is needed to do
 * and to undo it, in text, because it is written to the journal before it is done.
 */
export type Step =
  /** A kernel parameter. Undoing puts `before` back, unless somebody else changed it meanwhile. */
  | {
      readonly kind: 'parameter';
      readonly path: string;
      readonly before: string;
      readonly after: string;
    }
  /**
   * The nftables table that puts our mark onto answers to marked packets. `tunnelMark`: also for connections that were
   * led into the tunnel, or past it, by a mark.
   */
  | { readonly kind: 'marks'; readonly mark: number; readonly tunnelMark?: number }
  /** The device up, with its MTU. */
  | { readonly kind: 'link'; readonly device: string; readonly mtu: number }
  /** `address`: without a length; it is put on as a host address. */
  | { readonly kind: 'address'; readonly device: string; readonly address: string }
  /** `prefix` into the device, from `source` (without one when there is no address of the family). */
  | {
      readonly kind: 'route';
      readonly device: string;
      readonly prefix: string;
      readonly source: string | undefined;
    }
  /** A prefix that other routes into the device hold, and that the tables behind the tunnel's decide all the same. */
  | { readonly kind: 'exception'; readonly prefix: string }
  /** Ask the main table first about addresses of the prefix `to`, except for its default route. */
  | { readonly kind: 'main-first'; readonly family: 4 | 6; readonly to: string }
  /** Everything that does not have our mark asks the tunnel's table. */
  | { readonly kind: 'tunnel-rule'; readonly family: 4 | 6; readonly mark: number }
  /** Everything of a family into the device, in the table for what has the mark of the tunnel. */
  | {
      readonly kind: 'marked-route';
      readonly device: string;
      readonly family: 4 | 6;
      readonly source: string;
    }
  /** What has this mark asks that table, when no other has an answer that is before it. */
  | { readonly kind: 'marked-rule'; readonly family: 4 | 6; readonly mark: number };

/** What a step changes: two steps of one key stand for two states of the same thing. */
export function stepKey(step: Step): string {
  switch (step.kind) {
    case 'parameter':
      return `parameter ${step.path}`;
    case 'marks':
      return 'marks';
    case 'link':
      return `link ${step.device}`;
    case 'address':
      return `address ${step.device} ${step.address}`;
    case 'route':
      return `route ${step.device} ${step.prefix}`;
    case 'exception':
      return `exception ${step.prefix}`;
    case 'main-first':
      return `main-first ${step.to}`;
    case 'tunnel-rule':
      return `tunnel-rule ${step.family} ${step.mark}`;
    case 'marked-route':
      return `marked-route ${step.device} ${step.family}`;
    case 'marked-rule':
      return `marked-rule ${step.family} ${step.mark}`;
  }
}

export function sameStep(a: Step, b: Step): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** How a step is carried out: lines for an `ip -batch` (of one family or of both), a script, or a file. */
export type Action =
  | { readonly kind: 'ip'; readonly family: 'any' | 6; readonly lines: readonly string[] }
  | { readonly kind: 'nft'; readonly script: string }
  /** `from`: leave it alone unless it has that value now. */
  | { readonly kind: 'write'; readonly path: string; readonly value: string; readonly from?: string };

/** On a link with a smaller MTU the kernel has no IPv6 (RFC 8200 section 5), and refuses what is about it. */
const MIN_IPV6_MTU = 1280;

export function doing(step: Step): Action {
  switch (step.kind) {
    case 'parameter':
      return { kind: 'write', path: step.path, value: step.after };
    case 'marks':
      // Deleted first, so that a table of before does not get every rule a second time.
      return { kind: 'nft', script: NO_MARKS + marksScript(step) };
    case 'link':
      // addrgenmode none: no link-local address, and so no router solicitations into the tunnel. In a line with
      // `up` it would come too late.
      return any(
        `link set dev ${step.device} mtu ${step.mtu}${step.mtu < MIN_IPV6_MTU ? '' : ' addrgenmode none'}`,
        `link set dev ${step.device} up`,
      );
    case 'address':
      return any(`address add ${addressWords(step)}${isIpv6(step.address) ? ' nodad' : ''} noprefixroute`);
    case 'route': {
      // replace: the same prefix with another source must not vanish for a moment.
      const source = step.source === undefined ? '' : ` src ${step.source}`;
      return any(`route replace ${routeWords(step)}${source}`);
    }
    case 'exception':
      return any(`route replace ${exceptionWords(step)}`);
    case 'marked-route':
      return any(`route replace ${markedRouteWords(step)} src ${step.source}`);
    case 'main-first':
    case 'tunnel-rule':
    case 'marked-rule':
      return ruleAction('add', step);
  }
}

/** What undoes a step. Carried out where the step was never taken, it finds nothing and changes nothing. */
export function undoing(step: Step): Action {
  switch (step.kind) {
    case 'parameter':
      return { kind: 'write', path: step.path, value: step.before, from: step.after };
    case 'marks':
      return { kind: 'nft', script: NO_MARKS };
    case 'link':
      return any(`link set dev ${step.device} down`);
    case 'address':
      return any(`address del ${addressWords(step)}`);
    case 'route':
      return any(`route del ${routeWords(step)}`);
    case 'exception':
      return any(`route del ${exceptionWords(step)}`);
    case 'marked-route':
      return any(`route del ${markedRouteWords(step)}`);
    case 'main-first':
    case 'tunnel-rule':
    case 'marked-rule':
      return ruleAction('del', step);
  }
}

function any(...lines: readonly string[]): Action {
  return { kind: 'ip', family: 'any', lines };
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}

function addressWords(step: Step & { kind: 'address' }): string {
  return `${step.address}/${isIpv6(step.address) ? 128 : 32} dev ${step.device}`;
}

function routeWords(step: Step & { kind: 'route' }): string {
  return `${step.prefix} dev ${step.device} table ${TUNNEL_TABLE}`;
}

/** The kernel goes on to the next table. */
function exceptionWords({ prefix }: Step & { kind: 'exception' }): string {
  return `throw ${prefix} table ${TUNNEL_TABLE}`;
}

function markedRouteWords({ device, family }: Step & { kind: 'marked-route' }): string {
  return `${family === 4 ? '0.0.0.0/0' : '::/0'} dev ${device} table ${MARKED_TABLE}`;
}

type RuleStep = Step & { kind: 'main-first' | 'tunnel-rule' | 'marked-rule' };

function ruleAction(verb: 'add' | 'del', step: RuleStep): Action {
  // A rule does not show its family, and ip takes one only for a whole run.
  return { kind: 'ip', family: step.family === 6 ? 6 : 'any', lines: [`rule ${verb} ${ruleWords(step)}`] };
}

function ruleWords(step: RuleStep): string {
  switch (step.kind) {
    case 'main-first':
      return `pref ${MAIN_FIRST_PREFERENCE} to ${step.to} lookup main suppress_prefixlength 0`;
    case 'tunnel-rule':
      return `pref ${TUNNEL_PREFERENCE} not fwmark ${hex(step.mark)} lookup ${TUNNEL_TABLE}`;
    case 'marked-rule':
      return `pref ${MARKED_PREFERENCE} fwmark ${hex(step.mark)} lookup ${MARKED_TABLE}`;
  }
}

function hex(mark: number): string {
  return `0x${mark.toString(16)}`;
}

/** Declared and deleted: that succeeds whether the table was there or not. */
const NO_MARKS = `table inet ${MARKS_TABLE} {}\ndelete table inet ${MARKS_TABLE}\n`;

/**
 * A strict rp_filter asks whether an answer would leave by the interface that it came in by. It asks without
 * our mark, is sent to the tunnel, and drops the gateway's packets. So connections that left with the mark get
 * it on what comes back, and src_valid_mark makes the question use it. Connections that the firewall led another way
 * than their address says have a mark by which it knows them; their answers get the mark of the way that they came by.
 */
function marksScript({ mark, tunnelMark }: Step & { kind: 'marks' }): string {
  const [own, steered] = [hex(mark), hex(STEERED_MARK)];
  const ours = `"${TUNNEL_DEVICE}*"`;
  const [leaving, arriving] =
    tunnelMark === undefined
      ? ['', '']
      : [
          `\n    ct mark ${steered} accept`,
          `\n    iifname ${ours} ct mark ${steered} meta mark set ${hex(tunnelMark)}` +
            `\n    iifname != ${ours} ct mark ${steered} meta mark set ${own}`,
        ];
  return `table inet ${MARKS_TABLE} {
  chain leaving {
    type filter hook postrouting priority mangle;${leaving}
    meta l4proto { tcp, udp } meta mark ${own} ct mark set ${own}
  }
  chain arriving {
    type filter hook prerouting priority mangle;${arriving}
    meta l4proto { tcp, udp } ct mark ${own} meta mark set ${own}
  }
}
`;
}
