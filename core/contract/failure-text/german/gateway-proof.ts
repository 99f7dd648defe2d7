import type { GATEWAY_PROOF_FAILURES as english } from '../english/gateway-proof.ts';
import { given, type Facts, type Translation } from '../facts.ts';

/** `Das Zertifikat von CN=vpn.example.com, ausgestellt von CN=Example CA,` */
function theCertificate(c: Facts<'subject' | 'issuer'>): string {
  return `Das Zertifikat${given(c.subject, (subject) => ` von ${subject}`)}${given(c.issuer, (issuer) => `, ausgestellt von ${issuer},`)}`;
}

function byRule(c: Facts<'rule'>): string {
  return given(c.rule, (rule) => ` (${rule})`);
}

/** What the gateway is asked to prove itself with, where that is a word and not a name. */
const WORDS: Readonly<Record<string, string>> = {
  certificate: 'ein Zertifikat',
  'pre-shared key': 'einen gemeinsamen Schlüssel',
  'a name in its own certificate': 'einen Namen aus seinem eigenen Zertifikat',
};

function german(word: string): string {
  return WORDS[word] ?? word;
}

const NO_BYPASS =
  'Bis dahin kann niemand dieses Gateway von einem falschen unterscheiden; ein Passwort wurde nicht gesendet.';

export const GATEWAY_PROOF_FAILURES: Translation<typeof english> = {
  'auth.gateway-no-certificate': (c) => ({
    title: 'Das Gateway zeigte kein Zertifikat',
    why: `Das Gateway${given(c.gateway, (name) => ` ${name}`)}${given(c.identity, (identity) => `, das sich ${identity} nennt,`)} hat seine Antwort unterschrieben, aber kein Zertifikat gesendet, mit dem sich die Unterschrift prüfen ließe.`,
    next: 'Die IT-Abteilung muss das Gateway so einstellen, dass es sein Zertifikat immer sendet. Benutzt das Gateway stattdessen einen gemeinsamen Schlüssel, setzen Sie user.method im Profil auf psk.',
  }),

  'auth.gateway-certificate-malformed': (c) => ({
    title: 'Das Zertifikat des Gateways ist nicht lesbar',
    why: `Ein Zertifikat, das das Gateway gesendet hat${given(c.subject, (subject) => ` (${subject})`)}, ist beschädigt oder verletzt die Regeln für Zertifikate${given(c.detail, (text) => `: ${text}`)}${byRule(c)}.`,
    next: `Die IT-Abteilung muss auf dem Gateway ein einwandfreies Zertifikat einrichten. ${NO_BYPASS}`,
  }),

  'auth.gateway-expired': (c) => ({
    title: 'Das Zertifikat des Gateways ist abgelaufen',
    why: `${theCertificate(c)} war ${given(c.notAfter, (date) => `bis ${date}`) || 'bis zu einem Zeitpunkt in der Vergangenheit'} gültig${given(c.now, (now) => `; die Uhr dieses Computers zeigt ${now}`)}.`,
    next: 'Prüfen Sie zuerst Datum und Uhrzeit dieses Computers. Stimmen sie, muss die IT-Abteilung das Zertifikat erneuern.',
  }),

  'auth.gateway-not-yet-valid': (c) => ({
    title: 'Das Zertifikat des Gateways gilt noch nicht',
    why: `${theCertificate(c)} gilt erst ab ${c.notBefore ?? 'einem späteren Zeitpunkt'}${given(c.now, (now) => `; die Uhr dieses Computers zeigt ${now}`)}. Meist geht die Uhr dieses Computers nach.`,
    next: 'Stellen Sie Datum und Uhrzeit dieses Computers. Stimmen sie, muss die IT-Abteilung das Zertifikat prüfen und die Uhr des Computers, der es ausgestellt hat.',
  }),

  'auth.gateway-untrusted': (c) => ({
    title: 'Das Zertifikat des Gateways stammt von einer unbekannten Stelle',
    why: `${theCertificate(c)} führt auf keine Zertifizierungsstelle zurück, der das Profil vertraut (gateway.authorities).`,
    next: 'Lassen Sie sich von der IT-Abteilung auf einem vertrauenswürdigen Weg das Zertifikat der Zertifizierungsstelle des Gateways geben (das „CA-Zertifikat“), und setzen Sie es in gateway.authorities ein. Ist die Stelle die richtige, sendet das Gateway vielleicht ein Zwischenzertifikat nicht mit, das die IT-Abteilung dort ergänzen muss.',
  }),

  'auth.gateway-wrong-name': (c) => ({
    title: 'Das Zertifikat des Gateways gilt für einen anderen Namen',
    why: `Das Profil erwartet ${c.wanted ?? 'den Namen in gateway.identity'}. Das Zertifikat${given(c.subject, (subject) => ` von ${subject}`)} ist auf ${c.found ?? 'keinen vergleichbaren Namen'} ausgestellt.`,
    next: 'Ist einer dieser Namen der des gewünschten Gateways, setzen Sie ihn in gateway.identity oder gateway.address ein; oft muss eine IP-Adresse im Profil durch den Hostnamen ersetzt werden. Sonst muss die IT-Abteilung das Zertifikat auf den erwarteten Namen ausstellen (als „Subject Alternative Name“).',
  }),

  'auth.gateway-wrong-identity': (c) => ({
    title: 'Das Gateway nennt eine andere Identität als sein Zertifikat',
    why: `Das Gateway nennt sich ${c.found ?? 'anders'}${given(c.wanted, (wanted) => `; das Profil oder das Zertifikat verlangt ${german(wanted)}`) || ', was nicht in seinem Zertifikat steht'}${given(c.subject, (subject) => ` (Zertifikat von ${subject})`)}.`,
    next: 'Wissen Sie, dass diese Identität die richtige ist, setzen Sie sie in gateway.identity ein. Sonst muss die IT-Abteilung dem Gateway eine Identität geben (seine „Local ID“), die in seinem Zertifikat steht.',
  }),

  'auth.gateway-key-usage': (c) => ({
    title: 'Das Zertifikat des Gateways ist nicht zum Anmelden gemacht',
    why: `Das Zertifikat${given(c.subject, (subject) => ` von ${subject}`)} beschränkt, wozu sein Schlüssel dienen darf${given(c.found, (uses) => ` (${uses})`)}; Unterschreiben gehört nicht dazu${byRule(c)}.`,
    next: `Die IT-Abteilung muss ein Zertifikat mit der Schlüsselverwendung „digitale Signatur“ ausstellen. ${NO_BYPASS}`,
  }),

  'auth.gateway-extended-key-usage': (c) => ({
    title: 'Das Zertifikat des Gateways ist nicht für einen Server gemacht',
    why: `Das Zertifikat${given(c.subject, (subject) => ` von ${subject}`)} ist für andere Zwecke bestimmt${given(c.found, (uses) => ` (${uses})`)}${byRule(c)}. Wer ein solches Zertifikat besitzt, könnte sich damit für das Gateway ausgeben.`,
    next: `Die IT-Abteilung muss ein Zertifikat mit der erweiterten Schlüsselverwendung „Serverauthentifizierung“ ausstellen. ${NO_BYPASS}`,
  }),

  'auth.gateway-name-constraints': (c) => ({
    title: 'Die Zertifizierungsstelle darf nicht für dieses Gateway bürgen',
    why: `${theCertificate(c)} enthält einen Namen${given(c.found, (names) => ` (${names})`)}, der außerhalb dessen liegt, was seine Zertifizierungsstelle bescheinigen darf${byRule(c)}.`,
    next: `Die IT-Abteilung muss das Zertifikat von einer anderen Stelle ausstellen lassen. ${NO_BYPASS}`,
  }),

  'auth.gateway-bad-chain': (c) => ({
    title: 'Die Zertifikate des Gateways bilden keine gültige Kette',
    why: `${theCertificate(c)} besteht die Prüfung der Kette von der Zertifizierungsstelle bis zum Gateway nicht${byRule(c)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: `Die IT-Abteilung muss die Zertifikate auf dem Gateway berichtigen. ${NO_BYPASS}`,
  }),

  'auth.gateway-wrong-method': (c) => ({
    title: 'Das Gateway weist sich anders aus als vereinbart',
    why: `Nach dem Profil muss sich das Gateway durch ${given(c.wanted, german) || 'eine andere Art von Beweis'} ausweisen; es kam mit ${c.found ?? 'etwas anderem'}. Ein anderer Beweis wird nicht anstelle des vereinbarten angenommen.`,
    next: 'Vergleichen Sie user.method im Profil mit den Angaben Ihrer IT-Abteilung: Ein Gateway mit Zertifikat braucht eap-mschapv2, eap-gtc oder certificate, eines mit gemeinsamem Schlüssel psk.',
  }),

  'auth.gateway-signature': (c) => ({
    title: 'Der Beweis des Gateways ist falsch',
    why: `Die Unterschrift des Gateways passt nicht zu seinem Zertifikat${given(c.subject, (subject) => ` (${subject})`)}${given(c.detail, (text) => `: ${text}`)}. Wer geantwortet hat, besitzt den privaten Schlüssel nicht oder hat die Nachrichten unterwegs verändert.`,
    next: 'Umgehen Sie das nicht. Versuchen Sie es in einem anderen Netz: Gelingt es dort, steht im ersten jemand zwischen Ihnen und dem Gateway. Sonst sagen Sie Ihrer IT-Abteilung Bescheid.',
  }),
};
