/** Object identifiers that certificates use, in dotted form. */

/** Certificate extensions, RFC 5280 section 4.2. */
export const ExtensionOid = {
  SUBJECT_KEY_IDENTIFIER: '2.5.29.14',
  KEY_USAGE: '2.5.29.15',
  SUBJECT_ALT_NAME: '2.5.29.17',
  BASIC_CONSTRAINTS: '2.5.29.19',
  NAME_CONSTRAINTS: '2.5.29.30',
  CERTIFICATE_POLICIES: '2.5.29.32',
  AUTHORITY_KEY_IDENTIFIER: '2.5.29.35',
  EXTENDED_KEY_USAGE: '2.5.29.37',
} as const;

/** Purposes of a key: RFC 5280 section 4.2.1.12, RFC 4945 section 5.1.3.12. */
export const KeyPurpose = {
  ANY: '2.5.29.37.0',
  SERVER_AUTH: '1.3.6.1.5.5.7.3.1',
  CLIENT_AUTH: '1.3.6.1.5.5.7.3.2',
  IPSEC_IKE: '1.3.6.1.5.5.7.3.17',
  /** From before RFC 4945, still asked for by macOS and older Windows. */
  IKE_INTERMEDIATE: '1.3.6.1.5.5.8.2.2',
} as const;

/** Names of attribute types: those of RFC 4514 section 3, then others that certificates often have. */
export const ATTRIBUTE_TYPES: readonly (readonly [name: string, oid: string])[] = [
  ['CN', '2.5.4.3'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['C', '2.5.4.6'],
  ['STREET', '2.5.4.9'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['UID', '0.9.2342.19200300.100.1.1'],
  ['emailAddress', '1.2.840.113549.1.9.1'],
  ['serialNumber', '2.5.4.5'],
  ['SN', '2.5.4.4'],
  ['GN', '2.5.4.42'],
  ['title', '2.5.4.12'],
  ['postalCode', '2.5.4.17'],
  ['organizationIdentifier', '2.5.4.97'],
];

/** Other spellings that people use for the same types. */
export const ATTRIBUTE_ALIASES: readonly (readonly [name: string, oid: string])[] = [
  ['E', '1.2.840.113549.1.9.1'],
  ['EMAIL', '1.2.840.113549.1.9.1'],
  ['S', '2.5.4.8'],
  ['SP', '2.5.4.8'],
  ['G', '2.5.4.42'],
  ['T', '2.5.4.12'],
];

export const AttributeOid = {
  COMMON_NAME: '2.5.4.3',
  COUNTRY: '2.5.4.6',
  SERIAL_NUMBER: '2.5.4.5',
  DOMAIN_COMPONENT: '0.9.2342.19200300.100.1.25',
  EMAIL_ADDRESS: '1.2.840.113549.1.9.1',
} as const;
