import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { buildProgram } from '../../build/program.ts';
import type { GatewayConfigJson } from '../support/gateway/config-json.ts';
import { GatewayProcess } from '../support/gateway/spawn.ts';
import { endProgram, ReportedLines } from '../support/gateway/reported-lines.ts';
import type { Namespace } from '../support/netns.ts';
import { issue, makeCa } from '../support/pki-factory.ts';
import { buildLab, PLACES, type DemoLab } from './lab.ts';
import { ClientProcess } from './client.ts';
import type { Visit } from './visit.ts';

const GATEWAY_NAME = 'vpn.example.com';
const USER = 'alice';
const WEB_PROGRAM = fileURLToPath(new URL('./web.ts', import.meta.url));
const VISIT_PROGRAM = fileURLToPath(new URL('./visit.ts', import.meta.url));

/** What came of a visit: a page, or why there was none. */
export type VisitResult = Visit | { readonly error: string; readonly ms: number };

/** Everything that the demo has running, and the way to take it down. */
export class Stage {
  readonly lab: DemoLab;
  /** Where the profile and the capture are. */
  readonly directory: string;
  readonly profilePath: string;
  /** Texts that only the page of the office, and only that of the web site, holds. */
  readonly officeToken = `office-${randomBytes(12).toString('hex')}`;
  readonly webToken = `web-${randomBytes(12).toString('hex')}`;
  readonly password = randomBytes(9).toString('base64url');
  readonly #sites: ChildProcess[] = [];
  #program: string | undefined;
  #gateway: GatewayProcess | undefined;
  #client: ClientProcess | undefined;

  /** Builds the network. `label` names its namespaces. */
  constructor(label: string) {
    this.directory = mkdtempSync(join(tmpdir(), 'cw-demo-'));
    this.profilePath = join(this.directory, 'office.json');
    try {
      this.lab = buildLab(label);
    } catch (error) {
      rmSync(this.directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Starts the gateway and both sites, with keys and a password that exist for this run alone. */
  async start(): Promise<void> {
    const ca = makeCa({ name: 'Office authority', key: 'p256' });
    const certificate = issue(ca, {
      subject: `CN=${GATEWAY_NAME}`,
      san: [{ dns: GATEWAY_NAME }],
      key: 'p256',
    });
    const config: GatewayConfigJson = {
      addresses: [PLACES.gateway],
      identity: GATEWAY_NAME,
      certificates: certificate.pem,
      privateKey: certificate.keyPem,
      accept: ['eap'],
      users: { [USER]: { password: this.password } },
      pools: [...PLACES.pools],
      networks: [...PLACES.lan],
      encap: false,
    };
    const profile: ProfileInput = {
      version: 1,
      name: 'Office',
      gateway: { address: PLACES.gateway, identity: GATEWAY_NAME, authorities: ca.pem },
      user: { method: 'eap-mschapv2', username: USER },
      tunnel: { remote: [...PLACES.lan] },
    };
    writeFileSync(this.profilePath, JSON.stringify(profile, undefined, 2));
    const { gateway, internet, lanHost } = this.lab;
    // The program of these very sources: the set-up has built it, unless somebody changed them since.
    [this.#program, this.#gateway] = await Promise.all([
      buildProgram().then(({ file }) => file),
      GatewayProcess.start(gateway, config),
      this.#serve(lanHost, 'The office', this.officeToken, [PLACES.lanHost, PLACES.lanHost6]),
      this.#serve(internet, 'The web', this.webToken, [PLACES.web]),
    ]);
  }

  /** Starts the client in the client's namespace; it connects by itself. */
  connect(): ClientProcess {
    if (this.#program === undefined) throw new Error('the stage was not started');
    this.#client = ClientProcess.start(this.lab.client, this.#program, this.profilePath, this.password);
    return this.#client;
  }

  get gateway(): GatewayProcess {
    if (this.#gateway === undefined) throw new Error('the gateway was not started');
    return this.#gateway;
  }

  /** Fetches a page from the client's namespace. */
  async visit(url: string): Promise<VisitResult> {
    const { stdout, stderr } = await this.lab.client.execAsync([process.execPath, VISIT_PROGRAM, url]);
    try {
      return JSON.parse(stdout) as VisitResult;
    } catch {
      return { error: stderr.trim() || 'nothing was said', ms: 0 };
    }
  }

  /** The network settings of the client's namespace, as text to compare. */
  clientNetwork(): string {
    const { client } = this.lab;
    return [
      client.ip('-o', 'link', 'show'),
      client.ip('-o', 'address', 'show'),
      ...['-4', '-6'].flatMap((family) => [
        client.ip(family, 'route', 'show', 'table', 'all'),
        client.ip(family, 'rule', 'show'),
      ]),
      client.nft('list ruleset\n'),
    ].join('\n');
  }

  /** Ends everything in order, and leaves nothing. May be called at any time, also again. */
  async takeDown(): Promise<void> {
    await this.#client?.disconnect();
    await this.#gateway?.stop();
    await Promise.all(this.#sites.map((site) => endProgram(site, 'SIGTERM')));
    this.lab.lab.destroy();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #serve(
    namespace: Namespace,
    title: string,
    token: string,
    addresses: readonly string[],
  ): Promise<void> {
    const site = namespace.spawn([process.execPath, WEB_PROGRAM, title, token, '80', ...addresses], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#sites.push(site);
    await new ReportedLines('a web site', site).wait('listening');
  }
}
