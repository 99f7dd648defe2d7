import type { AUTH_FAILURES as english } from '../english/auth.ts';
import { given, type Facts, type Translation } from '../facts.ts';
import { GATEWAY_PROOF_FAILURES } from './gateway-proof.ts';

/** What the gateway's own answer adds: `Das Gateway sagt: „...“ (Code 691).` */
function answer(c: Facts<'code' | 'message'>): string {
  if (c.message !== undefined)
    return ` Das Gateway sagt: „${c.message}“${given(c.code, (number) => ` (Code ${number})`)}.`;
  return given(c.code, (number) => ` Das Gateway sagt das mit dem Code ${number}.`);
}

function ofUser(c: Facts<'user'>): string {
  return given(c.user, (user) => ` von ${user}`);
}

/** ` (Ihre: alice; seine eigene: vpn.example.com)`, from as much as is known. */
function identities(c: Facts<'identity' | 'gatewayIdentity'>): string {
  const known = [
    given(c.identity, (identity) => `Ihre: ${identity}`),
    given(c.gatewayIdentity, (identity) => `seine eigene: ${identity}`),
  ].filter((part) => part !== '');
  return known.length === 0 ? '' : ` (${known.join('; ')})`;
}

function theGateway(c: Facts<'gateway'>): string {
  return `das Gateway${given(c.gateway, (name) => ` ${name}`)}`;
}

export const AUTH_FAILURES: Translation<typeof english> = {
  ...GATEWAY_PROOF_FAILURES,

  'auth.rejected': (c, { afterEap }) => ({
    title: 'Das Gateway hat die Anmeldung nicht angenommen',
    why:
      afterEap === true
        ? `Das Passwort wurde angenommen; danach hat ${theGateway(c)}${given(c.user, (user) => ` ${user}`)} ohne Angabe eines Grundes abgewiesen (AUTHENTICATION_FAILED)${given(c.identity, (identity) => `; diese Seite nannte sich ${identity}`)}${given(c.gatewayIdentity, (identity) => `; verlangt war ${identity}`)}. Meist gehört das Konto zu keiner Gruppe, die sich verbinden darf, oder das Gateway und sein Passwortserver sind sich über die Schlüssel nicht einig.`
        : `Abgewiesen hat${given(c.user, (user) => ` ${user}`)} ${theGateway(c)}, ohne Angabe eines Grundes (AUTHENTICATION_FAILED); das Protokoll hält Gründe vor Fremden geheim. Die üblichen: Es erwartet eine andere Art der Anmeldung, es kennt die angegebene Identität nicht${given(c.identity, (identity) => ` (hier: ${identity})`)}, oder es ist nicht das Gateway, das verlangt war${given(c.gatewayIdentity, (identity) => ` (${identity})`)}.`,
    next: 'Vergleichen Sie user.method, die Identitäten und gateway.identity im Profil mit den Angaben Ihrer IT-Abteilung. Stimmt alles, findet die IT-Abteilung den Grund im Protokoll des Gateways, zur Zeit dieses Versuchs.',
  }),

  'auth.eap-failed': (c) => ({
    title: 'Das Gateway hat den Benutzernamen oder das Passwort nicht angenommen',
    why: `Die Prüfung des Passworts${ofUser(c)}${given(c.method, (method) => ` mit ${method}`)} ist gescheitert${given(c.detail, (text) => ` (${text})`)}.${answer(c)}`,
    next: 'Geben Sie das Passwort erneut ein, und prüfen Sie den Benutzernamen im Profil. Manche Gateways wollen den Namen mit seiner Domäne, etwa EXAMPLE\\alice oder alice@example.com. Stimmt beides, muss sich die IT-Abteilung Ihr Konto ansehen.',
  }),

  'auth.wrong-password': (c) => ({
    title: 'Der Benutzername oder das Passwort ist falsch',
    why: `Das Gateway hat das Passwort${ofUser(c)} zurückgewiesen.${answer(c)}`,
    next: 'Geben Sie das Passwort erneut ein; achten Sie auf die Feststelltaste und die Tastaturbelegung. Mehrere falsche Versuche können das Konto sperren: Fragen Sie vor dem dritten Ihre IT-Abteilung.',
  }),

  'auth.wrong-code': (c) => ({
    title: 'Das Gateway hat den Einmalcode nicht angenommen',
    why: `Die Prüfung des Codes${ofUser(c)}${given(c.method, (method) => ` mit ${method}`)} ist gescheitert. Codes gelten einmal und nur kurz: Vielleicht war er vertippt, schon benutzt oder zu alt, oder der Benutzername im Profil ist nicht der, zu dem der Code gehört.`,
    next: 'Warten Sie, bis Ihr Token oder Ihre App den nächsten Code zeigt, und verbinden Sie sich damit erneut. Wird auch der abgelehnt, vergleichen Sie die Uhr des Tokens mit der richtigen Zeit, und fragen Sie dann Ihre IT-Abteilung.',
  }),

  'auth.account-disabled': (c) => ({
    title: 'Das Konto ist gesperrt',
    why: `Das Gateway kennt das Konto${given(c.user, (user) => ` ${user}`)}, aber es ist deaktiviert oder gesperrt.${answer(c)}`,
    next: 'Bitten Sie Ihre IT-Abteilung, das Konto freizugeben. Weitere Versuche helfen nicht und können die Sperre verlängern.',
  }),

  'auth.account-restricted-hours': (c) => ({
    title: 'Das Konto darf sich zu dieser Zeit nicht anmelden',
    why: `Das Konto${given(c.user, (user) => ` ${user}`)} ist auf bestimmte Zeiten beschränkt, und jetzt ist keine davon.${answer(c)}`,
    next: 'Versuchen Sie es zu den erlaubten Zeiten erneut, oder bitten Sie Ihre IT-Abteilung, sie zu ändern.',
  }),

  'auth.password-expired': (c) => ({
    title: 'Das Passwort ist abgelaufen',
    why: `Das Passwort${ofUser(c)} war einmal richtig, muss aber geändert werden, bevor es wieder angenommen wird.${answer(c)}`,
    next: 'Ändern Sie das Passwort dort, wo Sie es sonst tun, etwa an einem Computer im Büro oder auf der dafür vorgesehenen Webseite Ihres Unternehmens, und verbinden Sie sich mit dem neuen. Können Sie das nicht, bitten Sie Ihre IT-Abteilung, es zurückzusetzen.',
  }),

  'auth.no-dialin-permission': (c) => ({
    title: 'Das Konto darf das VPN nicht benutzen',
    why: `Der Benutzername und das Passwort${ofUser(c)} stimmen, aber das Konto ist für den Fernzugriff nicht zugelassen.${answer(c)}`,
    next: 'Bitten Sie Ihre IT-Abteilung, Ihr Konto für den Fernzugriff zuzulassen (auch „Einwählen“ genannt).',
  }),

  'auth.eap-method-unsupported': (c) => ({
    title: 'Das Gateway will eine andere Art der Anmeldung',
    why: `Das Gateway verlangte ${c.wanted ?? 'eine bestimmte Art, den Benutzer zu prüfen'}; diese Seite kann ${c.offered ?? 'nur, was user.method im Profil sagt'}.`,
    next: 'Bitten Sie Ihre IT-Abteilung, EAP-MSCHAPv2 (Benutzername und Passwort) für Ihr Konto zuzulassen, oder fragen Sie, welche user.method ins Profil gehört.',
  }),

  'auth.eap-server-unproved': (c) => ({
    title: 'Das Gateway konnte nicht zeigen, dass es das Passwort kennt',
    why: `Ein Gateway, das das Passwort${ofUser(c)} kennt, beweist das im Gegenzug. Dieser Beweis fehlte oder war falsch: Die andere Seite könnte sich für das Gateway ausgeben und jedes Passwort annehmen.`,
    next: 'Umgehen Sie das nicht. Sagen Sie Ihrer IT-Abteilung Bescheid; das Passwort selbst wurde nicht gesendet, doch ein schwaches sollte geändert werden.',
  }),

  'auth.eap-early-success': () => ({
    title: 'Das Gateway erklärte die Anmeldung für gelungen, bevor das Passwort geprüft war',
    why: 'Die Erfolgsmeldung kam vor dem Ende der Anmeldung. Das tut, wer sich für das Gateway ausgibt, um den Teil zu überspringen, in dem er sich selbst ausweisen müsste.',
    next: 'Umgehen Sie das nicht. Sagen Sie Ihrer IT-Abteilung Bescheid: Das Gateway hat einen Fehler, oder jemand steht zwischen Ihnen und ihm.',
  }),

  'auth.eap-msk-mismatch': (c) => ({
    title: 'Die Anmeldung gehört nicht zu dieser Verbindung',
    why: `Das Passwort wurde angenommen, aber der letzte Beweis des Gateways wurde nicht mit dem Schlüssel gemacht, der aus dieser Anmeldung hervorgeht${given(c.detail, (text) => ` (${text})`)}. Ursache ist jemand zwischen Ihnen und dem Gateway oder eine falsche Einstellung zwischen dem Gateway und seinem Passwortserver.`,
    next: 'Umgehen Sie das nicht. Sagen Sie Ihrer IT-Abteilung, dass sie das Gateway mit seinem RADIUS-Server vergleichen soll.',
  }),

  'auth.psk-mismatch': (c, { side }) => ({
    title: 'Der gemeinsame Schlüssel ist falsch',
    why: `${side === 'gateway' ? `Den Beweis hat ${theGateway(c)} mit einem anderen Schlüssel gemacht als dem, der hier angegeben wurde` : `Den Beweis, der mit dem Schlüssel gemacht wurde, hat ${theGateway(c)} nicht angenommen`}. Entweder hat sich beim Schlüssel jemand vertippt, oder das Gateway hat für diese beiden Identitäten einen anderen${identities(c)}.`,
    next: 'Geben Sie den gemeinsamen Schlüssel erneut ein, und vergleichen Sie user.identity und gateway.identity im Profil mit den Angaben Ihrer IT-Abteilung.',
  }),

  'auth.our-certificate-refused': (c) => ({
    title: 'Das Gateway hat Ihr Zertifikat nicht angenommen',
    why: `Das Gateway${given(c.gatewayIdentity, (name) => ` ${name}`)} hat das Zertifikat${given(c.subject, (subject) => ` von ${subject}`)}${given(c.notAfter, (date) => ` (gültig bis ${date})`)} abgelehnt${given(c.identity, (identity) => `; diese Seite nannte sich ${identity}`)}. Vielleicht ist es abgelaufen oder widerrufen, stammt von einer Zertifizierungsstelle, die das Gateway nicht kennt, oder ist nicht auf diesen Namen ausgestellt.`,
    next: 'Ist es abgelaufen, bitten Sie Ihre IT-Abteilung um ein neues. Sonst findet sie den Grund im Protokoll des Gateways, zur Zeit dieses Versuchs.',
  }),

  'auth.lifetime-over': (c) => ({
    title: 'Das Gateway verlangt eine neue Anmeldung',
    why: `Jede Anmeldung lässt ${theGateway(c)} nur eine begrenzte Zeit gelten, und diese ist abgelaufen${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Verbinden Sie sich erneut. Geschieht die neue Anmeldung nicht von selbst, fragen Sie Ihre IT-Abteilung, ob das Gateway eine zweite Verbindung desselben Kontos annimmt, solange die erste noch besteht.',
  }),
};
