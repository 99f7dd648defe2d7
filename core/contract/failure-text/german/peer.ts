import type { PEER_FAILURES as english } from '../english/peer.ts';
import { given, type Facts, type Translation } from '../facts.ts';

/** ` vpn.example.com`, to follow the word Gateway; nothing when its name is not known. */
function named(c: Facts<'gateway'>): string {
  return given(c.gateway, (name) => ` ${name}`);
}

export const PEER_FAILURES: Translation<typeof english> = {
  'peer.no-proposal-chosen': (c) => ({
    title: 'Das Gateway nimmt keine der angebotenen Verschlüsselungen an',
    why: `Für den Steuerkanal hat diese Seite ${c.offered ?? 'ihre Liste von Verfahren'} angeboten${given(c.configured, (words) => ` (aus ike.proposals im Profil: ${words})`)}; nach seiner Einstellung nimmt das Gateway${named(c)} nichts davon an (NO_PROPOSAL_CHOSEN). Es sagt nicht, was es annähme.`,
    next: `Fragen Sie Ihre IT-Abteilung nach dem IKE-Vorschlag des Gateways, und vergleichen Sie ihn mit dem Angebot oben. ${c.configured === undefined ? 'Setzen Sie ihn in ike.proposals des Profils ein' : 'Berichtigen Sie ike.proposals im Profil, oder nehmen Sie es heraus, um alles anzubieten'}. Kennt das Gateway nur alte Verfahren (DES, 3DES, MD5, eine modp-Gruppe unter 2048), muss es auf bessere umgestellt werden.`,
  }),

  'peer.no-proposal-chosen-child': (c) => ({
    title: 'Das Gateway nimmt keine der für den Verkehr angebotenen Verschlüsselungen an',
    why: `Die Anmeldung ist gelungen. Für den Verkehr hat diese Seite ${c.offered ?? 'ihre Liste von Verfahren'} angeboten${given(c.configured, (words) => ` (aus esp.proposals im Profil: ${words})`)}; nach seiner Einstellung nimmt das Gateway${named(c)} nichts davon an (NO_PROPOSAL_CHOSEN).`,
    next: `Fragen Sie Ihre IT-Abteilung nach dem ESP-Vorschlag des Gateways, auch „Phase 2“ oder „Child“ genannt, und vergleichen Sie ihn mit dem Angebot oben. ${c.configured === undefined ? 'Setzen Sie ihn in esp.proposals des Profils ein.' : 'Berichtigen Sie esp.proposals im Profil, oder nehmen Sie es heraus, um alles anzubieten.'}`,
  }),

  'peer.ts-unacceptable': (c) => ({
    title: 'Das Gateway führt nicht zu den verlangten Netzen',
    why: `Die Anmeldung ist gelungen, aber das Gateway lehnte es ab, Verkehr zu ${c.requested ?? 'den Netzen in tunnel.remote'} zu befördern (TS_UNACCEPTABLE).`,
    next: 'Fragen Sie Ihre IT-Abteilung, welche Netze hinter dem Gateway liegen, und setzen Sie diese in tunnel.remote des Profils ein. Ohne tunnel.remote wird alles verlangt, und die meisten Gateways schränken das auf das ein, was sie haben.',
  }),

  'peer.no-address': (c) => ({
    title: 'Das Gateway hat keine Adresse für diesen Computer',
    why: `Die Anmeldung ist gelungen, aber das Gateway hat keine Adresse im inneren Netz vergeben${given(c.notify, (name) => ` (${name})`)}. Sein Vorrat ist erschöpft, oder es hat keine für Ihr Konto oder für die verlangte Art von Adresse (tunnel.addresses).`,
    next: 'Versuchen Sie es in einigen Minuten erneut. Bleibt es dabei, muss die IT-Abteilung den Adressvorrat des Gateways vergrößern oder berichtigen.',
  }),

  'peer.invalid-ke': (c) => ({
    title: 'Das Gateway verlangt einen Schlüsselaustausch, der nicht erlaubt ist',
    why: `Das Gateway verlangte ${c.wanted ?? 'ein Verfahren für den Schlüsselaustausch'} (INVALID_KE_PAYLOAD), das ${given(c.offered, (offered) => `nicht zu denen gehört, die diese Seite anbietet: ${offered}`) || 'hier unbekannt ist oder schon versucht wurde'}.`,
    next: 'Die IT-Abteilung muss eines der hier angebotenen Verfahren zulassen oder Ihnen sagen, was in ike.proposals des Profils gehört.',
  }),

  'peer.unsupported-critical': (c) => ({
    title: 'Das Gateway und Causeway verstehen einander nicht ganz',
    why: `Das Gateway verstand einen Teil einer Nachricht nicht, der nicht übergangen werden darf${given(c.payload, (name) => ` (${name})`)} (UNSUPPORTED_CRITICAL_PAYLOAD).`,
    next: 'Bitte melden Sie das mit Hersteller und Version des Gateways, die Ihnen die IT-Abteilung nennen kann.',
  }),

  'peer.invalid-syntax': (c) => ({
    title: 'Das Gateway konnte eine Nachricht nicht lesen',
    why: `Das Gateway sagt, dass eine Nachricht dieser Seite die falsche Form hat (${c.notify ?? 'INVALID_SYNTAX'})${given(c.detail, (text) => `: ${text}`)}. Bei einem gemeinsamen Schlüssel sagen manche Gateways das, wenn der Schlüssel falsch ist.`,
    next: 'Verbinden Sie sich mit einem gemeinsamen Schlüssel, geben Sie ihn erneut ein. Sonst melden Sie das bitte mit Hersteller und Version des Gateways, die Ihnen die IT-Abteilung nennen kann.',
  }),

  'peer.invalid-major-version': (c) => ({
    title: 'Das Gateway spricht kein IKEv2',
    why: `Das Gateway lehnte die Version des Protokolls ab (INVALID_MAJOR_VERSION)${given(c.version, (version) => `; es spricht Version ${version}`)}. Causeway spricht nur IKEv2, weil IKEv1 nicht mehr sicher ist.`,
    next: 'Die IT-Abteilung muss IKEv2 auf dem Gateway einschalten oder Ihnen die Adresse eines Gateways nennen, das es kann.',
  }),

  'peer.notify': (c) => ({
    title: `Das Gateway hat die Verbindung abgelehnt${given(c.notify, (name) => ` (${name})`)}`,
    why: `Das Gateway${named(c)} antwortete mit ${given(c.notify, (name) => `dem Fehler ${name}`) || 'einem Fehler'}${given(c.detail, (text) => `: ${text}`)} und nannte keinen anderen Grund.`,
    next: 'Versuchen Sie es in einigen Minuten erneut. Bleibt es dabei, nennen Sie Ihrer IT-Abteilung diesen Fehler und die Uhrzeit: Im Protokoll des Gateways steht mehr.',
  }),

  'peer.deleted': (c, { child, refused }) => ({
    title: 'Das Gateway hat die Verbindung beendet',
    why: `Das Gateway${named(c)} hat ${child === true ? 'den Tunnel geschlossen und nur den Steuerkanal offen gelassen' : refused === true ? 'die Verbindung geschlossen, weil es die Anmeldung nicht mehr annimmt (AUTHENTICATION_FAILED)' : 'die Verbindung geschlossen'}${given(c.detail, (text) => ` (${text})`)}. Gateways tun das bei einer Aktualisierung, nach einer festen Zeit, oder wenn sich dasselbe Konto anderswo verbindet.`,
    next: 'Verbinden Sie sich erneut. Geschieht es oft, fragen Sie Ihre IT-Abteilung, ob es für jedes Konto eine zeitliche Grenze oder eine Höchstzahl von Geräten gibt.',
  }),

  'peer.restarted': (c) => ({
    title: 'Das Gateway wurde neu gestartet',
    why: `Das Gateway${named(c)} hat bewiesen, dass es diese Verbindung vergessen hat, was bei einem Neustart geschieht.`,
    next: 'Verbinden Sie sich erneut. Geschieht es oft, sagen Sie Ihrer IT-Abteilung, wann.',
  }),

  'peer.lost-state': (c) => ({
    title: 'Das Gateway kennt diese Verbindung nicht mehr',
    why: `Das Gateway${named(c)} antwortet, hat die Verbindung aber vergessen${given(c.detail, (text) => ` (${text})`)}. Gateways vergessen eine, deren anderes Ende lange schweigt, oder wenn sie neu gestartet werden.`,
    next: 'Verbinden Sie sich erneut. Geschieht es oft, fragen Sie Ihre IT-Abteilung, nach wie langem Schweigen das Gateway eine Verbindung vergisst.',
  }),

  'peer.rekey-failed': (c) => ({
    title: 'Das Gateway hat die Schlüssel nicht erneuert',
    why: `Schlüssel werden nur eine begrenzte Zeit benutzt. Das Gateway${named(c)} hat neuen nicht zugestimmt, bevor die alten abliefen${given(c.notify, (name) => ` (${name})`)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Verbinden Sie sich erneut. Geschieht es jedes Mal nach derselben Zeit, sagen Sie Ihrer IT-Abteilung Bescheid: Das Gateway nimmt für neue Schlüssel nicht an, was es zu Beginn annahm. Das ist eine Einstellung der Schlüsselerneuerung („Rekeying“) oder der „Perfect Forward Secrecy“.',
  }),

  'peer.redirected': (c) => ({
    title: 'Das Gateway schickt diese Verbindung zu einem anderen Gateway',
    why: `Das Gateway${named(c)} bat darum, die Verbindung stattdessen mit ${c.target ?? 'einem anderen'} herzustellen; Gateways tun das, um ihre Last zu verteilen oder vor einer Aktualisierung.`,
    next: 'Warten Sie: Die Verbindung wird dort von selbst hergestellt. Kommt sie nicht, fragen Sie Ihre IT-Abteilung, ob jenes Gateway läuft.',
  }),

  'peer.failed-cp-required': (c) => ({
    title: 'Das Gateway wollte um eine Adresse gebeten werden und wurde es nicht',
    why: `Das Gateway befördert nur Verkehr von Computern, die es um eine Adresse bitten (FAILED_CP_REQUIRED), und hat die Bitte dieses Computers nicht angenommen${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Lassen Sie tunnel.addresses im Profil weg, damit um IPv4 und IPv6 gebeten wird. Hilft das nicht, muss die IT-Abteilung die Adresseinstellungen des Gateways prüfen.',
  }),

  'peer.single-pair-required': (c) => ({
    title: 'Das Gateway nimmt nur ein Netz auf einmal an',
    why: `Das Gateway befördert in jedem Tunnel den Verkehr eines einzigen Adresspaars (SINGLE_PAIR_REQUIRED); verlangt war ${c.requested ?? 'mehr als das'}.`,
    next: 'Setzen Sie ein einzelnes Netz in tunnel.remote des Profils ein. Die IT-Abteilung kann Ihnen sagen, welches, oder das Gateway so einstellen, dass es mehrere annimmt.',
  }),

  'peer.no-nat-traversal': (c) => ({
    title: 'Das Gateway kann seinen Verkehr nicht in UDP befördern',
    why: `Das Gateway${named(c)} bietet keine „NAT Traversal“ an, die Art, den Verkehr eines VPN in UDP-Paketen zu befördern. Causeway befördert allen Verkehr so, damit er durch Heimrouter und die meisten anderen Netze kommt; dieses Gateway könnte nichts davon empfangen.`,
    next: 'Die IT-Abteilung muss „NAT Traversal“ (auch NAT-T genannt) auf dem Gateway einschalten und den UDP-Port 4500 zu ihm durchlassen.',
  }),
};
