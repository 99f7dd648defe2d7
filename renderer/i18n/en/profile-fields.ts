/** The fields of a profile in words, at the places that they have in it. */
export const profileFields = {
  name: { label: 'Name', help: 'What you call the connection.' },
  gateway: {
    address: { label: 'Gateway', help: 'A host name or an IP address, such as vpn.example.com.' },
    identity: {
      label: 'Has to prove to be',
      help: 'Who the certificate of the gateway has to name. Without an entry: its address.',
    },
    ikePort: { label: 'Port of the first messages', help: 'UDP. Only where your IT says another.' },
    natPort: {
      label: 'Port of everything after them',
      help: 'UDP, where an address translator is in between.',
    },
    authorities: {
      label: 'Certificates of authorities (PEM)',
      help: 'The gateway has to come from one of them.',
    },
  },
  user: {
    method: { label: 'You log in by', help: 'Your IT tells you which.' },
    username: { label: 'User name', help: 'The password is asked for when you connect.' },
    eapIdentity: {
      label: 'Name for the first question',
      help: 'What the gateway is told before it asks for the password, where that is another name.',
    },
    ikeIdentity: {
      label: 'Identity',
      help: 'Where the gateway is particular about how it is told who is calling.',
    },
    identity: { label: 'Identity', help: 'Who you are to the gateway: a name, an address, user@host.' },
    certificate: {
      label: 'Your certificate (PEM)',
      help: 'Yours first, then those between it and its authority. A .p12 file is imported instead.',
    },
    privateKey: { label: 'Your private key (PEM)', help: 'The key of the first certificate.' },
  },
  tunnel: {
    remote: {
      label: 'Networks behind the gateway',
      help: 'Networks like 10.0.0.0/8. Without an entry: everything.',
    },
    addresses: { label: 'Kinds of address to ask for', help: 'Both, unless the gateway has one kind alone.' },
    mtu: { label: 'Largest packet', help: 'In octets. Without an entry it is found out.' },
  },
  dns: {
    use: { label: 'Names are looked up', help: 'While the connection is up.' },
    servers: { label: 'Name servers', help: 'In place of those of the gateway.' },
    domains: {
      label: 'Domains that they are asked for',
      help: 'Like corp.example.com, without a dot in front.',
    },
    searchDomains: { label: 'Domains behind short names', help: 'They are tried behind names like wiki.' },
  },
  reconnect: {
    enabled: { label: 'Connect again when the connection is lost', help: 'Without it, its loss is its end.' },
    giveUpAfterSeconds: { label: 'Give up after (seconds)', help: 'Without an entry: never.' },
  },
  liveness: {
    intervalSeconds: {
      label: 'A silent gateway counts as gone after (seconds)',
      help: 'Traffic from it counts as a sign of life.',
    },
  },
  retransmit: {
    timeoutSeconds: {
      label: 'Patience with an unanswered message (seconds)',
      help: 'Then the gateway counts as gone.',
    },
  },
  mobike: {
    label: 'Move to another network without connecting anew (MOBIKE)',
    help: 'Where the gateway can do that too.',
  },
  fragmentation: {
    octets: {
      label: 'Send messages in parts from (octets)',
      help: 'Smaller for networks that lose large packets.',
    },
  },
  onDemand: {
    enabled: {
      label: 'Connect at the first packet for the tunnel',
      help: 'Until then there is no session with the gateway.',
    },
    idleSeconds: { label: 'End when nobody used it for (seconds)', help: 'The next packet makes it again.' },
  },
  automatic: {
    connect: { label: 'Connect by itself', help: 'Once you have switched that on for this profile.' },
    onTrusted: { label: 'On a network of the office', help: 'What becomes of a connection that is up.' },
    beacons: {
      host: { label: 'Host', help: 'A host name or an IP address in the office.' },
      port: { label: 'Port', help: 'TCP.' },
      pins: { label: 'Pins', help: 'As causeway beacon prints them.' },
    },
  },
  ike: {
    proposals: {
      label: 'Offers for the control channel',
      help: 'Best first, such as aes256gcm16-prfsha384-ecp384.',
    },
  },
  esp: {
    proposals: { label: 'Offers for the traffic', help: 'Best first, such as aes256gcm16.' },
  },
  rekey: {
    ikeMinutes: { label: 'New keys of the control channel after (minutes)', help: 'Nobody notices it.' },
    childMinutes: { label: 'New keys of the traffic after (minutes)', help: 'Nobody notices it.' },
    megabytes: {
      label: 'New keys of the traffic after (megabytes)',
      help: 'Without an entry: as the cipher allows.',
    },
    pfs: {
      label: 'A fresh key exchange for each (perfect forward secrecy)',
      help: 'So that no other key leads to them.',
    },
  },
} as const;

/** Values that are chosen from a few. */
export const profileChoices = {
  both: 'IPv4 and IPv6',
  ipv4: 'IPv4 only',
  ipv6: 'IPv6 only',
  gateway: 'with what the gateway says',
  none: 'as without the connection',
  never: 'Never',
  untrusted: 'On networks that are not the office’s',
  always: 'On every network',
  disconnect: 'Disconnect',
  stay: 'Stay connected',
} as const;
