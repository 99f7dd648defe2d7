/** When trying again may help: never, after a pause, when the network changes, or after the person did something. */
export type Retry = 'never' | 'backoff' | 'on-network' | 'after-user';

/**
 * Every way in which a connection can fail, by family (the part before the first dot): config, network,
 * timeout, protocol, peer, auth, platform, contract, internal. contract/failure-text.ts has a sentence for each.
 */
export const FAILURES = {
  // The profile, or what was asked for, is wrong.
  'config.profile-unreadable': 'after-user',
  'config.profile-not-json': 'after-user',
  'config.profile-unknown': 'after-user',
  'config.profile-ambiguous': 'after-user',
  'config.profile-invalid': 'after-user',
  'config.too-many-profiles': 'after-user',
  'config.policy-unusable': 'after-user',
  'config.policy-unreadable': 'after-user',
  'config.policy-invalid': 'after-user',
  'config.policy-changed': 'after-user',
  'config.fixed-policy-invalid': 'after-user',
  'config.editor-failed': 'after-user',
  'config.file-not-written': 'after-user',
  'config.not-automatic': 'after-user',
  'config.credential-missing': 'after-user',
  'config.certificate-invalid': 'after-user',
  'config.key-invalid': 'after-user',
  'config.passphrase-wrong': 'after-user',
  'config.key-mismatch': 'after-user',
  'config.usage': 'after-user',
  'config.keylog-refused': 'after-user',

  // Between us and the gateway.
  'network.name-unknown': 'on-network',
  'network.name-lookup-failed': 'backoff',
  'network.no-route': 'on-network',
  'network.port-closed': 'backoff',
  'network.path-lost': 'on-network',
  'network.nat-found': 'on-network',

  // Silence.
  'timeout.init': 'backoff',
  'timeout.auth': 'backoff',
  'timeout.eap': 'backoff',
  'timeout.liveness': 'backoff',
  'timeout.slept': 'backoff',

  // What the gateway sent is not what the RFCs allow.
  'protocol.malformed': 'never',
  'protocol.unexpected': 'never',
  'protocol.key-exchange': 'never',
  'protocol.unoffered-choice': 'never',
  'protocol.too-many-redirections': 'never',

  // The gateway said no.
  'peer.no-proposal-chosen': 'after-user',
  'peer.no-proposal-chosen-child': 'after-user',
  'peer.ts-unacceptable': 'after-user',
  'peer.no-address': 'backoff',
  'peer.invalid-ke': 'after-user',
  'peer.unsupported-critical': 'never',
  'peer.invalid-syntax': 'never',
  'peer.invalid-major-version': 'never',
  'peer.notify': 'backoff',
  'peer.deleted': 'backoff',
  'peer.restarted': 'backoff',
  'peer.lost-state': 'backoff',
  'peer.rekey-failed': 'backoff',
  'peer.redirected': 'backoff',
  'peer.failed-cp-required': 'after-user',
  'peer.single-pair-required': 'after-user',
  'peer.no-nat-traversal': 'after-user',

  // Who we are, who the gateway is.
  'auth.rejected': 'after-user',
  'auth.eap-failed': 'after-user',
  'auth.wrong-password': 'after-user',
  'auth.wrong-code': 'after-user',
  'auth.account-disabled': 'after-user',
  'auth.account-restricted-hours': 'after-user',
  'auth.password-expired': 'after-user',
  'auth.no-dialin-permission': 'after-user',
  'auth.eap-method-unsupported': 'after-user',
  'auth.eap-server-unproved': 'never',
  'auth.eap-early-success': 'never',
  'auth.eap-msk-mismatch': 'never',
  'auth.psk-mismatch': 'after-user',
  'auth.our-certificate-refused': 'after-user',
  'auth.gateway-no-certificate': 'after-user',
  'auth.gateway-certificate-malformed': 'after-user',
  'auth.gateway-expired': 'after-user',
  'auth.gateway-not-yet-valid': 'after-user',
  'auth.gateway-untrusted': 'after-user',
  'auth.gateway-wrong-name': 'after-user',
  'auth.gateway-wrong-identity': 'after-user',
  'auth.gateway-key-usage': 'after-user',
  'auth.gateway-extended-key-usage': 'after-user',
  'auth.gateway-name-constraints': 'after-user',
  'auth.gateway-bad-chain': 'after-user',
  'auth.gateway-wrong-method': 'after-user',
  'auth.gateway-signature': 'never',
  'auth.lifetime-over': 'backoff',

  // This machine.
  'platform.not-root': 'after-user',
  'platform.no-tun': 'after-user',
  'platform.tun-failed': 'after-user',
  'platform.tool-missing': 'after-user',
  'platform.socket-failed': 'after-user',
  'platform.monitor-failed': 'after-user',
  'platform.route-failed': 'after-user',
  'platform.address-failed': 'after-user',
  'platform.restore-failed': 'after-user',
  'platform.firewall-failed': 'after-user',
  'platform.no-programs': 'after-user',
  'platform.program-not-moved': 'after-user',
  'platform.not-saved': 'after-user',
  'platform.dns-failed': 'after-user',
  'platform.already-running': 'after-user',
  'platform.unsupported-system': 'never',

  'contract.invalid': 'never',
  'contract.version': 'after-user',
  'contract.unknown-call': 'never',
  'contract.denied': 'after-user',
  'contract.no-access': 'after-user',
  'contract.busy': 'backoff',
  'contract.too-late': 'never',
  'contract.timeout': 'backoff',
  'contract.disconnected': 'backoff',
  'contract.untrusted-service': 'never',
  'internal.self-test': 'never',
  'internal.bug': 'never',
} as const satisfies Readonly<Record<string, Retry>>;

export type FailureCode = keyof typeof FAILURES;

/** What is known about a failure, for its sentence. Never a secret. */
export type FailureContext = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export interface Failure {
  readonly code: FailureCode;
  readonly retry: Retry;
  readonly context: FailureContext;
}

export function failure(code: FailureCode, context: FailureContext = {}): Failure {
  return { code, retry: FAILURES[code], context };
}
