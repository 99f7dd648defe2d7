import type { PLATFORM_FAILURES as english } from '../english/platform.ts';
import { given, type Facts, type Translation } from '../facts.ts';

/** What became of the changes before the one that was refused. */
function putBack(c: Facts<'leftover'>): string {
  return c.leftover === undefined
    ? 'Was zuvor geändert worden war, ist zurückgenommen.'
    : `Auch die Rücknahme dessen, was zuvor geändert worden war, wurde verweigert: ${c.leftover}. Der nächste Start von Causeway versucht sie erneut.`;
}

function command(c: Facts<'command'>): string {
  return given(c.command, (text) => ` (${text})`);
}

function detail(c: Facts<'detail'>): string {
  return given(c.detail, (text) => `: ${text}`);
}

const TELL_IT = 'Geben Sie Ihrer IT-Abteilung weiter, was oben steht.';

export const PLATFORM_FAILURES: Translation<typeof english> = {
  'platform.not-root': (c) => ({
    title: 'Zum Verbinden sind Administratorrechte nötig',
    why: `Eine Verbindung legt eine Netzwerkschnittstelle an und ändert Routen, was Linux nur root erlaubt${given(c.detail, (text) => ` (${text})`)}.`,
    next: 'Führen Sie den Befehl als root aus, etwa mit sudo davor.',
  }),

  'platform.no-tun': (c) => ({
    title: 'Diesem Computer fehlt die Unterstützung für TUN',
    why: `/dev/net/tun, wodurch ein Programm Netzwerkpakete befördern kann, lässt sich nicht öffnen${detail(c)}.`,
    next: 'Laden Sie den Treiber mit: modprobe tun. In einen Container muss, wer ihn betreibt, das Gerät hineinreichen (--device /dev/net/tun) und die Fähigkeit NET_ADMIN hinzufügen.',
  }),

  'platform.tun-failed': (c) => ({
    title: 'Die Schnittstelle des Tunnels konnte nicht angelegt werden',
    why: `Das System hat verweigert, die Netzwerkschnittstelle${given(c.name, (name) => ` ${name}`)} anzulegen oder einzurichten${detail(c)}.`,
    next: `Suchen Sie nach einem anderen VPN-Programm, das eine Schnittstelle desselben Namens hält, und beenden Sie es. Gibt es keines: ${TELL_IT}`,
  }),

  'platform.tool-missing': (c) => ({
    title: `Das Programm ${c.tool ?? 'ip'} fehlt`,
    why: `Causeway richtet das Netz mit ${c.tool ?? 'ip'} ein, das auf diesem System nicht an seinem Platz ist.`,
    next: 'Installieren Sie das Paket, das es enthält; für ip ist das iproute2.',
  }),

  'platform.socket-failed': (c) => ({
    title: 'Es ließ sich kein Netzwerksocket öffnen',
    why: `Das System hat einen UDP-Socket${given(c.port, (port) => ` am Port ${port}`)} verweigert${detail(c)}.`,
    next: 'Läuft auf diesem Computer ein anderes VPN-Programm (strongSwan und libreswan benutzen dieselben Ports), halten Sie es an und versuchen Sie es erneut.',
  }),

  'platform.monitor-failed': (c) => ({
    title: 'Die Netze dieses Computers lassen sich nicht beobachten',
    why: `Das System hat nicht gesagt, welche Netze es gibt${detail(c)}. Ohne das könnte eine Verbindung nicht von einem Netz ins andere folgen.`,
    next: 'Ein Programm, das Causeway einschränkt, etwa ein Container oder ein Sicherheitsmodul, verbietet vielleicht Netlink-Sockets: Erlauben Sie diese und versuchen Sie es erneut.',
  }),

  'platform.route-failed': (c) => ({
    title: 'Die Routen in den Tunnel konnten nicht gesetzt werden',
    why: `Das System hat eine Änderung seiner Routingtabelle verweigert${command(c)}${detail(c)}. ${putBack(c)}`,
    next: `Ein anderes VPN- oder Netzwerkprogramm hält vielleicht dieselbe Route: Beenden Sie es und versuchen Sie es erneut. Hilft das nicht: ${TELL_IT}`,
  }),

  'platform.address-failed': (c) => ({
    title: 'Der Tunnel konnte seine Adresse nicht bekommen',
    why: `Das System hat verweigert, die Adresse${given(c.address, (address) => ` ${address}`)} zu setzen, die das Gateway vergeben hat${command(c)}${detail(c)}. ${putBack(c)}`,
    next: `Ist IPv6 auf diesem Computer ausgeschaltet, setzen Sie tunnel.addresses im Profil auf ["ipv4"]. Sonst: ${TELL_IT}`,
  }),

  'platform.restore-failed': (c) => ({
    title: 'Das Netz konnte nicht wiederhergestellt werden',
    why: `Eine Änderung der Verbindung am Netz dieses Computers ließ sich nicht zurücknehmen${command(c)}${detail(c)}. Sie ist vermerkt, und der nächste Start von Causeway versucht es erneut.`,
    next: `Verbinden und trennen Sie noch einmal. Hilft das nicht, starten Sie diesen Computer neu, wobei alle solchen Änderungen vergessen werden. ${TELL_IT}`,
  }),

  'platform.not-saved': (c) => ({
    title: 'Das konnte nicht gespeichert werden',
    why: `Der Dienst konnte seine eigene Datei nicht schreiben${detail(c)}. Was zuvor da war, ist unverändert.`,
    next: `Schaffen Sie Platz auf dem Datenträger des Systems und versuchen Sie es erneut. Ist Platz vorhanden: ${TELL_IT}`,
  }),

  'platform.firewall-failed': (c) => ({
    title: 'Die Firewall konnte nicht eingerichtet werden',
    why: `Das System hat die Regeln verweigert, die Verkehr am Tunnel vorbei verhindern${detail(c)}. Die Regeln von zuvor gelten weiter.`,
    next: `${TELL_IT} Dem Kern fehlt vielleicht nftables, oder ein anderes Programm hält sie.`,
  }),

  'platform.no-programs': () => ({
    title: 'Programme lassen sich auf diesem Computer nicht unterscheiden',
    why: 'Regeln über Programme richten sich nach Kontrollgruppen der Version 2 (cgroup2), und unter /sys/fs/cgroup gibt es keine.',
    next: 'Starten Sie den Computer mit cgroup2, was jedes heutige System mit systemd tut, wenn ihm nichts anderes gesagt wird (Kerneloption systemd.unified_cgroup_hierarchy), oder nehmen Sie die Regeln über Programme aus der Richtlinie.',
  }),

  'platform.program-not-moved': (c) => ({
    title: 'Das Programm wurde nicht gestartet',
    why: `Es ließ sich nicht zu den Programmen von ${c.app ?? 'jener Anwendung'} stellen${detail(c)}. Ohne das könnte sein Verkehr einen anderen Weg nehmen, als die Richtlinie sagt.`,
    next: `Starten Sie es in einer anderen Sitzung oder als Dienst dieses Namens. Hilft das nicht: ${TELL_IT}`,
  }),

  'platform.dns-failed': (c) => ({
    title: 'Namen lassen sich nicht durch den Tunnel auflösen',
    why: `Das System hat verweigert, die Nameserver der Verbindung zu benutzen${command(c)}${detail(c)}. ${putBack(c)}`,
    next: `${TELL_IT} Die übliche Ursache ist ein eigener Nameserver auf diesem Computer, eine /etc/resolv.conf, die niemand ändern darf, oder ein voller Datenträger. Ein Profil mit "dns": { "use": "none" } verbindet, ohne an Namen etwas zu ändern.`,
  }),

  'platform.already-running': (c) => ({
    title: 'Es läuft schon eine Verbindung',
    why: `Ein anderes Causeway${given(c.pid, (pid) => ` (Prozess ${pid})`)} hält den Tunnel${given(c.name, (name) => ` ${name}`)} auf diesem Computer.`,
    next: 'Beenden Sie zuerst die andere Verbindung: Drücken Sie dort, wo sie läuft, Strg+C, oder senden Sie ihrem Prozess das Signal TERM.',
  }),

  'platform.unsupported-system': (c) => ({
    title: 'Dieses System wird nicht unterstützt',
    why: `Causeway weiß nicht, wie ein Tunnel ${given(c.system, (system) => `unter ${system}`) || 'unter diesem Betriebssystem'} eingerichtet wird.`,
    next: 'Benutzen Sie einen Computer mit Linux.',
  }),
};
