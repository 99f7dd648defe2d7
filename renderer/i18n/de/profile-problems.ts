/**
 * What core/contract says about a field of a profile, in German. The contract writes sentences and not codes, so each
 * is known here by its English form; a test breaks a profile in every way and finds none that stays English.
 */

type Translation = readonly [english: RegExp, german: string];

const NUMBER_WORDS: Readonly<Record<string, string>> = {
  'must be a whole number': 'muss eine ganze Zahl sein',
  'must be text': 'muss Text sein',
  'must be a list [...]': 'muss eine Liste [...] sein',
  'must be an object {...}': 'muss ein Objekt {...} sein',
  'must be a boolean': 'muss true oder false sein',
  'must be a number': 'muss eine Zahl sein',
};

const KINDS: Readonly<Record<string, string>> = {
  null: 'null',
  'a list': 'eine Liste',
  'an object': 'ein Objekt',
  text: 'Text',
  'a number': 'eine Zahl',
  'a fraction': 'ein Bruch',
  boolean: 'true oder false',
};

const SENTENCES: readonly Translation[] = [
  [/^must not be empty$/, 'darf nicht leer sein'],
  [/^must not contain control characters$/, 'darf keine Steuerzeichen enthalten'],
  [/^must be at least (\d+)(?:, not (.+))?$/, 'muss mindestens $1 sein'],
  [/^must be at most (\d+) characters long$/, 'darf höchstens $1 Zeichen lang sein'],
  [/^must be at most (\d+)(?:, not (.+))?$/, 'darf höchstens $1 sein'],
  [/^must have at least (\d+) entr(?:y|ies)$/, 'muss mindestens $1 Eintrag haben'],
  [/^must have at most (\d+) entries$/, 'darf höchstens $1 Einträge haben'],
  [/^must be one of (.+?)(?:, not '?(.+?)'?)?$/, 'muss eines sein von $1'],
  [/^must be ([\w-]+)(?:, not '?(.+?)'?)?$/, 'muss $1 sein'],
  [
    /^must be lower-case algorithm words joined by hyphens, such as (.+)$/,
    'muss aus kleingeschriebenen Wörtern für Verfahren bestehen, mit Bindestrichen verbunden, etwa $1',
  ],
  [
    /^must be a host name or an IP address, without a scheme, port or path$/,
    'muss ein Hostname oder eine IP-Adresse sein, ohne Schema, Port und Pfad',
  ],
  [/^must be "system", PEM text, or an array of PEM texts$/, 'muss „system“ oder PEM-Text sein'],
  [/^must be PEM text, or an array of its lines$/, 'muss PEM-Text sein'],
  [/^is longer than 1 MiB$/, 'ist länger als 1 MiB'],
  [
    /^must be a domain like corp\.example\.com, without a dot in front$/,
    'muss eine Domäne wie corp.example.com sein, ohne Punkt davor',
  ],
  [/^must be an IP address$/, 'muss eine IP-Adresse sein'],
  [/^names a family twice$/, 'nennt eine Art zweimal'],
  [/^must differ from ikePort$/, 'muss anders sein als der Port der ersten Nachrichten'],
  [
    /^cannot be a key id: no certificate can prove one; use a host name, an address or a DN$/,
    'darf keine Key-ID sein: Kein Zertifikat kann eine beweisen; nehmen Sie einen Hostnamen, eine Adresse oder einen DN',
  ],
  [
    /^has no use with user\.method psk, where the gateway proves itself by the pre-shared key$/,
    'ist mit einem Pre-Shared Key ohne Nutzen, denn das Gateway weist sich durch diesen aus',
  ],
  [
    /^must be at least 1280 for IPv6; for a smaller one, set tunnel\.addresses to \["ipv4"\]$/,
    'muss für IPv6 mindestens 1280 sein; für weniger wählen Sie nur IPv4',
  ],
  [
    /^must have at least one entry, because no network is trusted without one; to connect on every network, set automatic\.connect to "always"$/,
    'muss mindestens einen Eintrag haben, denn ohne ihn wird keinem Netz vertraut; wählen Sie sonst „In jedem Netz“',
  ],
  [
    /^has no use with automatic\.connect always, where every network is connected from$/,
    'ist ohne Nutzen, wenn in jedem Netz verbunden wird',
  ],
  [
    /^has nothing usable after its first word; write keyid: and hexadecimal digits, or fqdn:, email: or dn: and a name$/,
    'hat nach dem ersten Wort nichts Brauchbares; schreiben Sie keyid: und Hexadezimalziffern oder fqdn:, email: oder dn: und einen Namen',
  ],
  [
    /^must be a host name, an IP address, user@host, or a name like CN=gateway, O=Example$/,
    'muss ein Hostname, eine IP-Adresse, benutzer@host oder ein Name wie CN=gateway, O=Example sein',
  ],
  [/^'(.*)' is not a network like 10\.0\.0\.0\/8$/, '„$1“ ist kein Netz wie 10.0.0.0/8'],
  [
    /^'(.*)' has no length; for this one address write (.+)$/,
    '„$1“ hat keine Länge; für diese eine Adresse schreiben Sie $2',
  ],
  [
    /^'(.*)' has a length that is not between 0 and (\d+)$/,
    '„$1“ hat eine Länge, die nicht zwischen 0 und $2 liegt',
  ],
  [
    /^'(.*)' has bits set after its first (\d+); did you mean (.+)\?$/,
    '„$1“ hat nach den ersten $2 noch gesetzte Bits; meinten Sie $3?',
  ],
  [
    /^'(.*)' has bits set after its first (\d+); set them to zero$/,
    '„$1“ hat nach den ersten $2 noch gesetzte Bits; setzen Sie sie auf null',
  ],
  [/^must be without what stands in front: (.+)$/, 'muss ohne das sein, was davor steht: $1'],
  [
    /^must be the SHA-256 of a public key in base64, .*$/,
    'muss der SHA-256 eines öffentlichen Schlüssels in Base64 sein: 44 Zeichen mit = am Ende, wie causeway beacon ihn ausgibt',
  ],
  [
    /^is damaged PEM: a block does not end, or is not base64$/,
    'ist beschädigtes PEM: Ein Block endet nicht oder ist kein Base64',
  ],
  [
    /^must be a certificate in PEM form, beginning with (.+)$/,
    'muss ein Zertifikat in PEM sein, das mit $1 beginnt',
  ],
  [
    /^holds a private key; certificates alone belong here$/,
    'enthält einen privaten Schlüssel; hierher gehören nur Zertifikate',
  ],
  [
    /^holds a (.+) block; certificates alone belong here$/,
    'enthält einen Block $1; hierher gehören nur Zertifikate',
  ],
  [
    /^must be a private key in PEM form, beginning with (.+)$/,
    'muss ein privater Schlüssel in PEM sein, der mit $1 beginnt',
  ],
  [/^is an OpenSSH key; convert it with: (.+)$/, 'ist ein Schlüssel von OpenSSH; wandeln Sie ihn um mit: $1'],
  [
    /^holds a certificate; the private key alone belongs here$/,
    'enthält ein Zertifikat; hierher gehört nur der private Schlüssel',
  ],
  [
    /^holds a (.+) block; a private key belongs here$/,
    'enthält einen Block $1; hierher gehört ein privater Schlüssel',
  ],
  [/^must hold one private key and nothing else$/, 'muss genau einen privaten Schlüssel enthalten'],
  [/^is not used with method (.+)$/, 'wird bei der Anmeldung mit $1 nicht benutzt'],
  [
    /^a profile holds no secret; it is asked for when connecting, or read by --password-fd$/,
    'ein Profil enthält kein Geheimnis; beim Verbinden wird danach gefragt',
  ],
  [/^is not a known key; did you mean '(.+)'\?$/, 'ist kein bekannter Schlüssel; meinten Sie „$1“?'],
  [/^is not a known key; known here: (.+)$/, 'ist kein bekannter Schlüssel; hier bekannt: $1'],
  [/^is not a known key here; it belongs in (.+)$/, 'ist hier kein bekannter Schlüssel; er gehört in $1'],
];

/** The German sentence for what is wrong, or the English one when nobody has written it yet. */
export function germanProblem(english: string): string {
  const missing = /^is missing; (.*)$/.exec(english)?.[1];
  if (missing !== undefined) return `fehlt; ${germanProblem(missing)}`;
  const [, expected = '', kind = ''] = /^(must be [^,]+?)(?:, not (.+))?$/.exec(english) ?? [];
  const wanted = NUMBER_WORDS[expected];
  if (wanted !== undefined) return kind === '' ? wanted : `${wanted}, nicht ${KINDS[kind] ?? kind}`;
  for (const [pattern, german] of SENTENCES)
    if (pattern.test(english)) return english.replace(pattern, german);
  return english;
}
