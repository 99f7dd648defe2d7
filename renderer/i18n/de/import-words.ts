import type {
  IMPORT_NOTES as englishNotes,
  IMPORT_TROUBLES as englishTroubles,
} from '../../../core/contract/import-words.ts';
import type { Same } from '../same.ts';

export const importNotes: Same<typeof englishNotes> = {
  'unknown-key': 'Causeway kennt diesen Schlüssel nicht.',
  'not-text': 'Es sollte Text sein und ist keiner.',
  'not-number': 'Es sollte eine Zahl in ihrem Bereich sein und ist keine.',
  'not-list': 'Es sollte eine Liste sein und ist keine.',
  bookkeeping: 'Es sagt nichts über die Verbindung.',
  'secret-not-kept':
    'Ein Profil enthält kein Geheimnis. Sie werden beim Verbinden danach gefragt und können es merken lassen.',
  'more-keys': 'Und {{detail}} weitere Schlüssel, die Causeway nicht kennt.',
  empty: 'Es ist leer.',
  'is-default': 'Das macht Causeway ohnehin.',
  'port-nat': 'Die ersten Nachrichten gehen an Port 500; Port {{detail}} gilt für alles danach.',
  'not-an-authority':
    'Es ist ein einzelnes Zertifikat und keine Zertifizierungsstelle: {{detail}}. Causeway vertraut Zertifizierungsstellen; bitten Sie Ihre IT um die, die es ausgestellt hat.',
  'authorities-psk': 'Mit einem Pre-Shared Key weist sich das Gateway durch diesen aus.',
  'damaged-certificate': 'Das Zertifikat ist nicht lesbar: {{detail}}.',
  authority: 'Sie darf für das Gateway bürgen: {{detail}}.',
  'authority-of-user':
    'Sie steht hinter Ihrem eigenen Zertifikat. Sie wird als eine übernommen, die auch für das Gateway bürgen darf; prüfen Sie, ob das stimmt: {{detail}}.',
  between: 'Es gehört zu Ihrem Zertifikat: {{detail}}.',
  'own-certificate': 'Ihr Zertifikat: {{detail}}.',
  'other-certificate': 'Es gehört zu nichts anderem in der Datei: {{detail}}.',
  'key-locked':
    'Er bleibt mit der Passphrase gesperrt, die Sie eingegeben haben; beim Verbinden werden Sie danach gefragt.',
  'key-relocked':
    'Er ist mit der Passphrase gesperrt, die Sie gewählt haben; beim Verbinden werden Sie danach gefragt.',
  'other-key': 'Die Datei hat mehr als einen Schlüssel; übernommen wird der erste mit einem Zertifikat.',
  'integrity-good': 'Die Datei ist, wie sie gemacht wurde: Ihre Prüfsumme mit der Passphrase stimmt.',
  'integrity-none': 'Die Datei hat keine Prüfsumme, an der eine Änderung auffiele.',
  'revocation-lists': 'Sperrlisten in einer Datei veralten; sie werden nicht übernommen.',
  'eap-tls':
    'Causeway weist Sie nicht innerhalb von EAP-TLS aus; das Zertifikat wird für IKE selbst benutzt, was das Gateway annehmen muss.',
  'two-methods': 'Causeway meldet auf eine einzige Art an; das Profil nennt sie.',
  'trusted-network-connect': 'Berichte über den Zustand dieses Computers werden nicht gemacht.',
  'method-unknown': 'Causeway kennt diese Art der Anmeldung nicht: {{detail}}.',
  'identity-from-certificate':
    'Das Zertifikat des Gateways muss die Kennung des Gateways enthalten; kein anderer Name zählt.',
  'certificate-elsewhere':
    'Das Zertifikat würde über {{detail}} geholt, was Causeway nicht kann. Bitten Sie Ihre IT um eine .p12-Datei.',
  'certificate-missing': 'Ein Zertifikat mit diesem Namen ist nicht in der Datei.',
  'words-dropped': 'Weggelassen, weil Causeway es nicht anbietet: {{detail}}.',
  'nothing-offered': 'Nichts davon bietet Causeway an ({{detail}}); es nimmt seine eigene Liste.',
  'prf-added': 'Was offen bleibt, wurde ergänzt: {{detail}}.',
  'prf-negotiated': 'Welche Form Unterschriften haben, wird mit dem Gateway vereinbart.',
  'pfs-off': 'Es wird nicht benutzt, weil die Datei frische Schlüsselaustausche abschaltet (EnablePFS).',
  interval: 'Eingetragen sind {{detail}} Sekunden, nach denen ein stummes Gateway als weg gilt.',
  'always-watched': 'Ob das Gateway noch da ist, wird immer beobachtet.',
  clamped: 'Auf {{detail}} gesetzt, das Nächste, was Causeway kann.',
  'chosen-itself': 'Das wählt Causeway selbst.',
  revocation: 'Causeway fragt nicht nach gesperrten Zertifikaten.',
  'host-network': 'Als Netz geschrieben: {{detail}}.',
  'range-networks': 'Als Netze geschrieben: {{detail}}.',
  'bad-network': 'Das ist kein Netz: {{detail}}.',
  'excluded-networks':
    'Netze am Tunnel vorbei sind Regeln der Aufteilung; tragen Sie sie dort ein: {{detail}}.',
  'kill-switch': 'Was am Tunnel vorbeigeht, hält der Kill Switch in den Einstellungen zurück.',
  'all-networks':
    'Alles geht durch den Tunnel, wenn das Gateway oder eine Regel der Aufteilung nichts anderes sagt.',
  'local-networks': 'Ob das lokale Netz erreichbar ist, ist eine Einstellung dieses Computers.',
  'phone-apps':
    'Das sind Namen von Apps auf einem Telefon. Regeln für Programme entstehen in der Aufteilung.',
  'per-app': 'Es galt nur für einige Apps; hier gilt es für alle, und Regeln entstehen in der Aufteilung.',
  'dns-plain': 'Die Nameserver werden durch den Tunnel gefragt, ohne weitere Verschlüsselung darin.',
  'bad-address': 'Das ist keine Adresse: {{detail}}.',
  'bad-domain': 'Das ist keine Domäne: {{detail}}.',
  'match-domains': 'Übernommen als Domänen, die dort aufgelöst und hinter kurzen Namen versucht werden.',
  proxies: 'Causeway stellt keine Proxys ein.',
  'phone-only': 'Es ist für Telefone.',
  'post-quantum': 'Causeway hat keinen Post-Quanten-Schlüsselaustausch oder -Schlüssel.',
  'demand-always': 'Verbindet in jedem Netz von selbst, sobald Sie das einschalten.',
  'demand-networks':
    'Causeway erkennt Netze an Beacons, nicht an ihrem Namen; Ihre IT kann welche eintragen.',
  'demand-names': 'Causeway verbindet beim ersten Paket für den Tunnel, wie auch immer der Name lautet.',
  'demand-first': 'Die Regel davor sagt für manche Netze etwas anderes, also kann sie nicht für alle gelten.',
  'demand-off': 'Verbinden bei Bedarf ist in der Datei ausgeschaltet.',
  'demand-rest': 'Von selbst geschieht nichts, wenn ein Profil es nicht sagt.',
  'user-decides': 'Das entscheidet, wer den Computer benutzt.',
  'signature-good':
    'Der Inhalt ist so, wie {{detail}} ihn unterschrieben hat. Wer das ist, wurde nicht geprüft: Fragen Sie Ihre IT, wenn Sie den Namen nicht erwarten.',
  'signature-none': 'Niemand hat es unterschrieben.',
  'signature-foreign':
    'Die Unterschrift wurde nicht geprüft: Das Zertifikat dessen, der unterschrieb, ist nicht in der Datei.',
  'signature-algorithm':
    'Die Unterschrift wurde nicht geprüft: Ihr Verfahren wird nicht unterstützt ({{detail}}).',
  'other-payload': 'Es betrifft diese Verbindung nicht: {{detail}}.',
  'another-connection':
    'Es ist eine weitere Verbindung. Importiert wird immer nur eine; bitten Sie Ihre IT um eine eigene Datei dafür.',
};

export const importTroubles: Same<typeof englishTroubles> = {
  'unknown-kind': 'Es ist kein Profil, das Causeway kennt: .json, .sswan, .mobileconfig, .p12 oder .pfx.',
  'too-long': 'Es ist länger als 1 MiB, und das ist kein Profil.',
  gone: 'Es ist nicht mehr da. Wählen Sie es noch einmal.',
  'not-json': 'Es sieht wie JSON aus und ist keines: {{detail}}.',
  'not-profile':
    'Es ist JSON, aber kein Profil: Eines von Causeway hat „gateway“ und „user“, eines von strongSwan „remote“ und „type“.',
  'not-plist': 'Es sieht wie ein Apple-Profil aus und ist nicht lesbar: {{detail}}.',
  'binary-plist':
    'Es ist ein Apple-Profil in binärer Form. Bitten Sie Ihre IT um die XML-Form (plutil -convert xml1).',
  'encrypted-profile':
    'Es ist ein Apple-Profil, das für ein Gerät verschlüsselt ist. Bitten Sie Ihre IT um eines, das es nicht ist.',
  'no-connection': 'Es enthält keine IKEv2-Verbindung ({{detail}}).',
  'bad-signature':
    'Seine Unterschrift ist falsch: Jemand hat es nach dem Unterschreiben geändert. Benutzen Sie es nicht, und sagen Sie Ihrer IT Bescheid.',
  'damaged-container': 'Seine unterschriebene Hülle ist nicht lesbar: {{detail}}.',
  'damaged-p12': 'Es sieht wie eine PKCS-#12-Datei aus und ist nicht lesbar: {{detail}}.',
  'legacy-p12':
    'Es ist mit {{detail}} gesperrt; das ist gebrochen und wird nicht unterstützt. Machen Sie es neu: openssl pkcs12 -legacy -in ALT.p12 -nodes | openssl pkcs12 -export -out NEU.p12',
  'unsupported-p12': 'Es ist auf eine Art gesperrt, die Causeway nicht kennt: {{detail}}.',
  'costly-p12': 'Es zu öffnen würde diesen Computer zu lange beschäftigen: {{detail}}.',
  'no-key': 'Es enthält keinen privaten Schlüssel mit einem Zertifikat.',
  'bad-key': 'Der private Schlüssel darin ist nicht benutzbar: {{detail}}.',
};
