import type { NETWORK_FAILURES as english } from '../english/network.ts';
import { counted, given, type Facts, type Translation } from '../facts.ts';

/** ` vpn.example.com`, to follow the word Gateway; nothing when its name is not known. */
function named(c: Facts<'gateway'>): string {
  return given(c.gateway, (name) => ` ${name}`);
}

function duration(seconds: string): string {
  return counted(seconds, 'Sekunde', 'Sekunden');
}

/** ` 5-mal innerhalb von 60 Sekunden`, from as much as is known. */
function repeatedly(c: Facts<'seconds' | 'tries'>): string {
  return `${given(c.tries, (tries) => ` ${tries}-mal`)}${given(c.seconds, (seconds) => ` innerhalb von ${duration(seconds)}`)}`;
}

const REPORT =
  'Versuchen Sie es noch einmal. Geschieht es wieder, sagen Sie Ihrer IT-Abteilung Bescheid: Das Gateway braucht eine Aktualisierung oder eine andere Einstellung, oder sein Hersteller braucht einen Bericht.';

export const NETWORK_FAILURES: Translation<typeof english> = {
  'network.name-unknown': (c) => ({
    title: `Der Name ${c.host ?? 'des Gateways'} ist nicht bekannt`,
    why: `Der Namensdienst (DNS) dieses Netzes sagt, dass es zu ${given(c.host, (host) => host) || 'dem Namen des Gateways'} keine Adresse gibt.`,
    next: 'Prüfen Sie gateway.address im Profil auf Tippfehler. Stimmt der Name, ist er vielleicht nur in anderen Netzen bekannt: Fragen Sie Ihre IT-Abteilung nach dem Namen, der außerhalb des Büros gilt.',
  }),

  'network.name-lookup-failed': (c) => ({
    title: `Die Adresse ${given(c.host, (host) => `von ${host}`) || 'des Gateways'} war nicht zu ermitteln`,
    why: `Der Namensdienst (DNS) dieses Netzes hat nicht geantwortet${given(c.detail, (text) => ` (${text})`)}. Meist ist der Computer nicht online, oder das Netz verlangt zuerst eine Anmeldung auf einer Webseite.`,
    next: 'Öffnen Sie irgendeine Webseite, um zu sehen, ob dieser Computer online ist, und versuchen Sie es dann erneut.',
  }),

  'network.no-route': (c) => ({
    title: 'Das Gateway ist aus diesem Netz nicht erreichbar',
    why: `Dieser Computer hat keinen Weg zum Gateway${named(c)}${given(c.detail, (text) => ` (${text})`)}. Er ist nicht online, oder das Gateway hat nur eine IPv4- oder nur eine IPv6-Adresse und diesem Netz fehlt diese Art.`,
    next: 'Verbinden Sie sich mit einem Netz und versuchen Sie es erneut. Sind Sie online, sagen Sie Ihrer IT-Abteilung, in welchem Netz Sie sind.',
  }),

  'network.port-closed': (c) => ({
    title: 'Am Gateway antwortet kein VPN-Dienst',
    why: `Das Gateway${named(c)} ist da, sagt aber, dass am UDP-Port ${c.port ?? '500'} nichts lauscht.`,
    next: 'Prüfen Sie gateway.address und die Ports im Profil. Stimmen sie, muss die IT-Abteilung den VPN-Dienst auf dem Gateway starten.',
  }),

  'network.path-lost': (c, { refused }) => ({
    title: 'Das Netz, das zum Gateway führte, ist weg',
    why: `Dieser Computer hat das Netz verlassen, durch das er das Gateway${named(c)} erreichte, und dieses Gateway ${refused === true ? 'lehnte es ab, die Verbindung an den neuen Ort des Computers mitzunehmen (UNACCEPTABLE_ADDRESSES)' : 'kann eine Verbindung nicht in ein anderes Netz mitnehmen (ihm fehlt MOBIKE)'}. Deshalb muss eine neue hergestellt werden.`,
    next: 'Warten Sie: Sie wird hergestellt, sobald es ein Netz gibt. Kommt sie nicht, prüfen Sie, ob dieser Computer online ist.',
  }),

  'network.nat-found': (c) => ({
    title: 'Auf dem Weg zum Gateway werden Adressen umgesetzt',
    why: `Zwischen diesem Computer und dem Gateway${named(c)} liegt eine Adressumsetzung (NAT), wie in fast jedem Heim- und Gastnetz, und das Profil verbietet sie.`,
    next: 'Verbinden Sie sich aus einem Netz ohne Adressumsetzung. Wissen Sie nicht, warum das Profil sie verbietet, fragen Sie Ihre IT-Abteilung.',
  }),

  'timeout.init': (c) => ({
    title: 'Das Gateway antwortet nicht',
    why: `Das Gateway${named(c)} wurde${repeatedly(c)} am UDP-Port ${c.port ?? '500'} gefragt, und nichts kam zurück. Entweder sperrt das Netz, in dem Sie sind, VPN-Verkehr (Gast- und Hotelnetze tun das oft), oder die Adresse ist falsch, oder das Gateway ist ausgeschaltet.`,
    next: 'Versuchen Sie es in einem anderen Netz, etwa über ein Mobiltelefon. Gelingt es dort, sperrt das erste Netz. Gelingt es nirgends, prüfen Sie gateway.address im Profil und fragen Sie dann Ihre IT-Abteilung, ob das Gateway läuft.',
  }),

  'timeout.auth': (c) => ({
    title: 'Das Gateway antwortete zuerst und verstummte dann',
    why: `Die erste Nachricht an das Gateway${named(c)} wurde beantwortet. Die zweite, mit der beide Seiten sich ausweisen, wurde${repeatedly(c)} an UDP-Port ${c.port ?? '4500'} gesendet und blieb ohne Antwort. Sie ist größer und nimmt manchmal einen anderen Port; ein Netz, das große Pakete verwirft oder den UDP-Port 4500 sperrt, bewirkt genau das.`,
    next: 'Versuchen Sie es in einem anderen Netz, etwa über ein Mobiltelefon. Ist es überall gleich, sollte die IT-Abteilung im Protokoll des Gateways nach dieser Anmeldung suchen: Manche Gateways verstummen auch, wenn sie den Benutzer oder das Profil nicht kennen.',
  }),

  'timeout.eap': (c) => ({
    title: 'Das Gateway verstummte, während das Passwort geprüft wurde',
    why: `Das Gateway${named(c)} begann, Benutzernamen und Passwort zu prüfen, wurde${repeatedly(c)} gefragt und machte nicht weiter. Meist antwortet der Server dahinter nicht, der die Passwörter kennt (RADIUS oder ein Verzeichnisdienst).`,
    next: 'Versuchen Sie es in einigen Minuten erneut. Bleibt es dabei, muss die IT-Abteilung das Gateway und seinen Passwortserver prüfen.',
  }),

  'timeout.liveness': (c) => ({
    title: `Das Gateway antwortet ${given(c.seconds, (seconds) => `seit ${duration(seconds)} nicht`) || 'nicht mehr'}`,
    why: `Das Gateway${named(c)} wurde${repeatedly(c)} gefragt, ob es noch da ist, und hat nicht geantwortet. Das Netz dieses Computers ist ausgefallen, oder das Gateway wurde neu gestartet.`,
    next: 'Prüfen Sie, ob dieser Computer online ist, und verbinden Sie sich erneut.',
  }),

  'timeout.slept': (c) => ({
    title: 'Die Verbindung ist abgelaufen, während dieser Computer ruhte',
    why: `Dieser Computer war${given(c.seconds, (seconds) => ` ${duration(seconds)} lang`)} im Ruhezustand, länger als das Gateway eine Verbindung behält, deren anderes Ende schweigt.`,
    next: 'Warten Sie: Eine neue Verbindung wird von selbst hergestellt. Kommt sie nicht, prüfen Sie, ob dieser Computer online ist, und verbinden Sie sich erneut.',
  }),

  'protocol.malformed': (c) => ({
    title: 'Das Gateway hat eine unverständliche Nachricht gesendet',
    why: `Eine Nachricht des Gateways${named(c)} verletzt die Regeln des Protokolls (IKEv2)${given(c.detail, (text) => `: ${text}`)}.`,
    next: REPORT,
  }),

  'protocol.unexpected': (c) => ({
    title: 'Das Gateway hat etwas anderes geantwortet als gefragt war',
    why: `Einer Antwort des Gateways${named(c)} fehlt etwas, das sie haben muss, oder sie hat etwas, das sie nicht haben darf${given(c.detail, (text) => `: ${text}`)}.`,
    next: REPORT,
  }),

  'protocol.key-exchange': (c) => ({
    title: 'Die Schlüssel konnten nicht vereinbart werden',
    why: `Der Wert, den das Gateway${named(c)} für den Schlüsselaustausch${given(c.group, (group) => ` (${group})`)} gesendet hat, ist keiner, den ein ehrliches Gateway sendet${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Umgehen Sie das nicht. Sagen Sie Ihrer IT-Abteilung Bescheid: Das Gateway hat einen Fehler, oder jemand steht zwischen Ihnen und ihm.',
  }),

  'protocol.unoffered-choice': (c) => ({
    title: 'Das Gateway hat etwas gewählt, das nicht angeboten war',
    why: `Das Gateway${named(c)} wählte ${c.chosen ?? 'Verfahren'}, ${given(c.offered, (offered) => `angeboten war aber ${offered}`) || 'die diese Seite nicht angeboten hat'}${given(c.detail, (text) => ` (${text})`)}. Eine Wahl außerhalb des Angebots könnte die Verbindung schwächen und wird abgelehnt.`,
    next: REPORT,
  }),

  'protocol.too-many-redirections': (c) => ({
    title: 'Die Gateways schicken diese Verbindung im Kreis',
    why: `Jedes Gateway nannte ein anderes, mit dem zu verbinden sei${given(c.count, (count) => `, ${count}-mal`)}${given(c.gateway, (name) => `, zuletzt ${name}`)}, und keines nahm die Verbindung an.`,
    next: 'Versuchen Sie es in einigen Minuten erneut. Bleibt es dabei, muss die IT-Abteilung berichtigen, wie die Gateways ihre Last verteilen.',
  }),
};
