import { parseAddress } from '../../../net/address.ts';
import { parsePrefix, type Prefix } from '../../../net/prefix.ts';
import {
  addAddress,
  changeRule,
  raiseLink,
  removeAddress,
  removeException,
  removeRoute,
  replaceException,
  replaceRoute,
  setLink,
} from './change.ts';
import { MAIN_TABLE } from './dump.ts';
import type { Change } from './message.ts';

/** What a line of an `ip -batch` asks for, once the number of its device is known. */
export interface LineChange {
  /** The name of the device that it is about. */
  readonly device: string | undefined;
  readonly change: (link: number) => Change;
}

type Read = (words: readonly string[], family: 4 | 6) => LineChange | undefined;

/** The forms of the lines that steps.ts writes: a group for each word that differs. */
const FORMS: readonly (readonly [form: RegExp, read: Read])[] = [
  [
    /^link set dev (\S+) mtu (\d+)( addrgenmode none)?$/,
    ([device = '', mtu = '', mode]) => ({
      device,
      change: (link) => setLink(link, { mtu: Number(mtu), addressless: mode !== undefined }),
    }),
  ],
  [
    /^link set dev (\S+) (up|down)$/,
    ([device = '', way]) => ({ device, change: (link) => raiseLink(link, way === 'up') }),
  ],
  [
    /^address add (\S+) dev (\S+)( nodad)? noprefixroute$/,
    ([text = '', device = '', nodad]) =>
      withPrefix(text, (prefix) => ({
        device,
        change: (link) => addAddress(link, prefix, nodad !== undefined),
      })),
  ],
  [
    /^address del (\S+) dev (\S+)$/,
    ([text = '', device = '']) =>
      withPrefix(text, (prefix) => ({ device, change: (link) => removeAddress(link, prefix) })),
  ],
  [
    /^route (replace|del) (\S+) dev (\S+) table (\d+)(?: src (\S+))?$/,
    ([verb, text = '', device = '', table, from]) =>
      withPrefix(text, (to) => {
        const source = from === undefined ? undefined : parseAddress(from);
        if (from !== undefined && (!source || verb === 'del')) return undefined;
        const into = { to, table: Number(table), ...(source ? { source } : {}) };
        const change = verb === 'replace' ? replaceRoute : removeRoute;
        return { device, change: (link) => change({ ...into, link }) };
      }),
  ],
  [
    /^route (replace|del) throw (\S+) table (\d+)$/,
    ([verb, text = '', table]) =>
      withPrefix(text, (to) => {
        const change = verb === 'replace' ? replaceException : removeException;
        return { device: undefined, change: () => change(to, Number(table)) };
      }),
  ],
  [
    /^rule (add|del) pref (\d+) to (\S+) lookup main suppress_prefixlength (\d+)$/,
    ([verb, preference, text = '', length], family) =>
      withPrefix(text, (to) =>
        to.address.family === family
          ? rule(verb, {
              family,
              preference: Number(preference),
              to,
              table: MAIN_TABLE,
              suppressLength: Number(length),
            })
          : undefined,
      ),
  ],
  [
    /^rule (add|del) pref (\d+) (not )?fwmark (0x[0-9a-f]+) lookup (\d+)$/,
    ([verb, preference, not, value, table], family) =>
      rule(verb, {
        family,
        preference: Number(preference),
        mark: { value: Number(value), isNot: not !== undefined },
        table: Number(table),
      }),
  ],
];

/** What the line asks for; undefined when it has none of the forms that are known here. */
export function readIpLine(line: string, family: 4 | 6): LineChange | undefined {
  for (const [form, read] of FORMS) {
    const [, ...words] = form.exec(line) ?? [];
    if (words.length > 0) return read(words, family);
  }
  return undefined;
}

function withPrefix(text: string, use: (prefix: Prefix) => LineChange | undefined): LineChange | undefined {
  const prefix = parsePrefix(text);
  return prefix && use(prefix);
}

function rule(verb: string | undefined, what: Parameters<typeof changeRule>[1]): LineChange {
  return { device: undefined, change: () => changeRule(verb === 'add' ? 'add' : 'del', what) };
}
