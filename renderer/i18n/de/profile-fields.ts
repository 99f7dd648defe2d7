import type { profileChoices as englishChoices, profileFields as english } from '../en/profile-fields.ts';
import type { Same } from '../same.ts';

export const profileFields: Same<typeof english> = {
  name: { label: 'Name', help: 'Wie Sie die Verbindung nennen.' },
  gateway: {
    address: { label: 'Gateway', help: 'Ein Hostname oder eine IP-Adresse, etwa vpn.example.com.' },
    identity: {
      label: 'Muss sich ausweisen als',
      help: 'Wen das Zertifikat des Gateways nennen muss. Ohne Eintrag: seine Adresse.',
    },
    ikePort: { label: 'Port der ersten Nachrichten', help: 'UDP. Nur, wenn Ihre IT einen anderen nennt.' },
    natPort: { label: 'Port von allem danach', help: 'UDP, wenn ein Adressumsetzer dazwischen ist.' },
    authorities: {
      label: 'Zertifikate von Zertifizierungsstellen (PEM)',
      help: 'Von einer davon muss das Gateway kommen.',
    },
  },
  user: {
    method: { label: 'Sie melden sich an mit', help: 'Ihre IT sagt Ihnen, womit.' },
    username: { label: 'Benutzername', help: 'Nach dem Passwort werden Sie beim Verbinden gefragt.' },
    eapIdentity: {
      label: 'Name auf die erste Frage',
      help: 'Was dem Gateway gesagt wird, bevor es nach dem Passwort fragt, falls das ein anderer Name ist.',
    },
    ikeIdentity: {
      label: 'Kennung',
      help: 'Falls es das Gateway damit genau nimmt, wer sich bei ihm meldet.',
    },
    identity: {
      label: 'Kennung',
      help: 'Wer Sie für das Gateway sind: ein Name, eine Adresse, benutzer@host.',
    },
    certificate: {
      label: 'Ihr Zertifikat (PEM)',
      help: 'Zuerst Ihres, dann die zwischen ihm und seiner Zertifizierungsstelle. Eine .p12-Datei wird stattdessen importiert.',
    },
    privateKey: { label: 'Ihr privater Schlüssel (PEM)', help: 'Der Schlüssel des ersten Zertifikats.' },
  },
  tunnel: {
    remote: {
      label: 'Netze hinter dem Gateway',
      help: 'Netze wie 10.0.0.0/8. Ohne Eintrag: alles.',
    },
    addresses: {
      label: 'Arten von Adressen, um die gebeten wird',
      help: 'Beide, wenn das Gateway nicht nur eine Art hat.',
    },
    mtu: { label: 'Größtes Paket', help: 'In Oktetten. Ohne Eintrag wird es herausgefunden.' },
  },
  dns: {
    use: { label: 'Namen werden aufgelöst', help: 'Solange die Verbindung steht.' },
    servers: { label: 'Nameserver', help: 'Anstelle derer des Gateways.' },
    domains: {
      label: 'Domänen, nach denen sie gefragt werden',
      help: 'Wie corp.example.com, ohne Punkt davor.',
    },
    searchDomains: {
      label: 'Domänen hinter kurzen Namen',
      help: 'Sie werden hinter Namen wie wiki versucht.',
    },
  },
  reconnect: {
    enabled: {
      label: 'Neu verbinden, wenn die Verbindung abreißt',
      help: 'Sonst endet sie, wenn sie abreißt.',
    },
    giveUpAfterSeconds: { label: 'Aufgeben nach (Sekunden)', help: 'Ohne Eintrag: nie.' },
  },
  liveness: {
    intervalSeconds: {
      label: 'Ein stummes Gateway gilt als weg nach (Sekunden)',
      help: 'Verkehr von ihm gilt als Lebenszeichen.',
    },
  },
  retransmit: {
    timeoutSeconds: {
      label: 'Geduld mit einer unbeantworteten Nachricht (Sekunden)',
      help: 'Danach gilt das Gateway als weg.',
    },
  },
  mobike: {
    label: 'Ohne neue Verbindung in ein anderes Netz wechseln (MOBIKE)',
    help: 'Wenn das Gateway das auch kann.',
  },
  fragmentation: {
    octets: {
      label: 'Nachrichten in Teilen senden ab (Oktette)',
      help: 'Kleiner für Netze, die große Pakete verlieren.',
    },
  },
  onDemand: {
    enabled: {
      label: 'Beim ersten Paket für den Tunnel verbinden',
      help: 'Bis dahin gibt es keine Sitzung mit dem Gateway.',
    },
    idleSeconds: {
      label: 'Beenden, wenn ihn niemand benutzt hat für (Sekunden)',
      help: 'Das nächste Paket stellt ihn wieder her.',
    },
  },
  automatic: {
    connect: { label: 'Von selbst verbinden', help: 'Sobald Sie das für dieses Profil eingeschaltet haben.' },
    onTrusted: { label: 'In einem Netz des Büros', help: 'Was aus einer bestehenden Verbindung wird.' },
    beacons: {
      host: { label: 'Host', help: 'Ein Hostname oder eine IP-Adresse im Büro.' },
      port: { label: 'Port', help: 'TCP.' },
      pins: { label: 'Pins', help: 'So, wie causeway beacon sie ausgibt.' },
    },
  },
  ike: {
    proposals: {
      label: 'Angebote für den Steuerkanal',
      help: 'Das beste zuerst, etwa aes256gcm16-prfsha384-ecp384.',
    },
  },
  esp: {
    proposals: { label: 'Angebote für den Verkehr', help: 'Das beste zuerst, etwa aes256gcm16.' },
  },
  rekey: {
    ikeMinutes: { label: 'Neue Schlüssel des Steuerkanals nach (Minuten)', help: 'Niemand bemerkt es.' },
    childMinutes: { label: 'Neue Schlüssel des Verkehrs nach (Minuten)', help: 'Niemand bemerkt es.' },
    megabytes: {
      label: 'Neue Schlüssel des Verkehrs nach (Megabyte)',
      help: 'Ohne Eintrag: wie es das Verfahren erlaubt.',
    },
    pfs: {
      label: 'Jedes Mal ein frischer Schlüsselaustausch (Perfect Forward Secrecy)',
      help: 'Damit kein anderer Schlüssel zu ihnen führt.',
    },
  },
};

export const profileChoices: Same<typeof englishChoices> = {
  both: 'IPv4 und IPv6',
  ipv4: 'Nur IPv4',
  ipv6: 'Nur IPv6',
  gateway: 'mit dem, was das Gateway sagt',
  none: 'wie ohne die Verbindung',
  never: 'Nie',
  untrusted: 'In Netzen, die nicht die des Büros sind',
  always: 'In jedem Netz',
  disconnect: 'Trennen',
  stay: 'Verbunden bleiben',
};
