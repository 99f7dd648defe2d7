import type { SignatureScheme } from './signature-scheme.ts';

/**
 * Published inputs and outputs for the self-test, all in hexadecimal; white space means nothing.
 * Sources: AES-GCM from the specification of McGrew and Viega (test cases 4, 10, 16), ChaCha20-Poly1305 from
 * RFC 7634 appendix A, AES-CBC from RFC 3602 and NIST SP 800-38A, the hashes from FIPS 180, HMAC from RFC 2202
 * and RFC 4868 section 2.7, prf+ from the
 * NIST samples for SP 800-135, ECP from RFC 5903, x25519 and x448 from RFC 7748, Ed448 from RFC 8032, the other
 * signatures from C2SP Wycheproof. The MODP answers were computed with plain integer arithmetic.
 */

export interface AeadAnswer {
  readonly id: number;
  readonly keyBits: number | undefined;
  readonly key: string;
  readonly nonce: string;
  readonly associated: string;
  readonly plaintext: string;
  readonly sealed: string;
}

const GCM_KEY = 'feffe9928665731c6d6a8f9467308308';
const GCM_INPUT = {
  nonce: 'cafebabefacedbaddecaf888',
  associated: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
  plaintext: `d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39`,
};

const AEAD: readonly AeadAnswer[] = [
  {
    id: 20,
    keyBits: 128,
    key: GCM_KEY,
    ...GCM_INPUT,
    sealed: `42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
      21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091 5bc94fbc3221a5db94fae95ae7121a47`,
  },
  {
    id: 20,
    keyBits: 192,
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c',
    ...GCM_INPUT,
    sealed: `3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c
      7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710 2519498e80f1478f37ba55bd6d27618c`,
  },
  {
    id: 20,
    keyBits: 256,
    key: `${GCM_KEY}${GCM_KEY}`,
    ...GCM_INPUT,
    sealed: `522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
      8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b`,
  },
  {
    id: 28,
    keyBits: undefined,
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: 'a0a1a2a31011121314151617',
    associated: '0102030400000005',
    plaintext: `45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10
      0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f
      303132333435363701020204`,
    sealed: `24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6
      14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb
      94e664da9165b82829f641e0 76aaa8266b7fb0f7b11b369907e1ad43`,
  },
];

export interface CbcAnswer {
  readonly keyBits: number;
  readonly key: string;
  readonly iv: string;
  readonly plaintext: string;
  readonly ciphertext: string;
}

const SP800_38A = { iv: '000102030405060708090a0b0c0d0e0f', plaintext: '6bc1bee22e409f96e93d7e117393172a' };

const CBC: readonly CbcAnswer[] = [
  {
    keyBits: 128,
    key: '06a9214036b8a15b512e03d534120006',
    iv: '3dafba429d9eb430b422da802c9fac41',
    plaintext: '53696e676c6520626c6f636b206d7367',
    ciphertext: 'e353779c1079aeb82708942dbe77181a',
  },
  {
    keyBits: 192,
    key: '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    ...SP800_38A,
    ciphertext: '4f021db243bc633d7178183a9fa071e8',
  },
  {
    keyBits: 256,
    key: '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    ...SP800_38A,
    ciphertext: 'f58c4c04d6e5f1ba779eabfb5f7bfbd6',
  },
];

export interface HashAnswer {
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly message: string;
  readonly digest: string;
}

const ABC = '616263';

const HASH: readonly HashAnswer[] = [
  { hash: 'sha1', message: ABC, digest: 'a9993e364706816aba3e25717850c26c9cd0d89d' },
  {
    hash: 'sha256',
    message: ABC,
    digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  },
  {
    hash: 'sha384',
    message: ABC,
    digest: `cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163
      1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7`,
  },
  {
    hash: 'sha512',
    message: ABC,
    digest: `ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
      2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f`,
  },
];

export interface HmacAnswer {
  readonly prf: number;
  readonly integ: number;
  /** As long as the hash output, so that it also suits the integrity algorithm. */
  readonly key: string;
  readonly message: string;
  /** Not truncated. */
  readonly mac: string;
}

const HI_THERE = '4869205468657265';

const HMAC: readonly HmacAnswer[] = [
  {
    prf: 2,
    integ: 2,
    key: '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
    message: HI_THERE,
    mac: 'b617318655057264e28bc0b6fb378c8ef146be00',
  },
  {
    prf: 5,
    integ: 12,
    key: '0b'.repeat(32),
    message: HI_THERE,
    mac: '198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7',
  },
  {
    prf: 6,
    integ: 13,
    key: '0b'.repeat(48),
    message: HI_THERE,
    mac: `b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee9737a959796489bddbc
      4c5df61d5b3297b4fb68dab9f1b582c2`,
  },
  {
    prf: 7,
    integ: 14,
    key: '0b'.repeat(64),
    message: HI_THERE,
    mac: `637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8
      ac2878ebd5803f6f0b61dbce5e251ff8789a4722c1be65aea45fd464e89f8f5b`,
  },
];

export interface PrfPlusAnswer {
  readonly prf: number;
  readonly key: string;
  readonly seed: string;
  readonly output: string;
}

const PRF_PLUS: readonly PrfPlusAnswer[] = [
  {
    prf: 5,
    key: '5f00d1bd2c58ec224b1e6b71fa0f19a1faa7a193952c444411b47c1a9d8ba6fe',
    seed: '3f302be1abcb28e1 8c332ee006064c9b 40dac39e1e1a8640 8619a1cf9a6e4c07',
    output: `0b137d669b0947d7d026d593f0305ad401ff0c471357d695778a9c7f4b4869ec
      e98aca531188d16041b3bb936d2dbb3b4993a6e768a809160de45d0283f273a6cdf6854379e31be72b8d3d1f
      a990cf9c5b015ca9f918a7df6253c958114a09d4e1c19bdcd4db14b29d98db1a74ad405c588662c14a04d0d3
      6aa4ab55e90f8986d12d4aad`,
  },
];

export interface KeyExchangeAnswer {
  readonly id: number;
  /** The private value, big-endian for MODP and ECP; short ones stand for leading zeros. */
  readonly privateValue: string;
  readonly peerPublic: string;
  /** SHA-256 over our public value and the shared secret. */
  readonly digest: string;
}

/** x = 7989 with the peer's value 4: both powers wrap around every prime, and are quick to compute. */
const MODP_INPUT = { privateValue: '1f35', peerPublic: '04' };

const KEY_EXCHANGE: readonly KeyExchangeAnswer[] = [
  { id: 14, ...MODP_INPUT, digest: '3156ed121de6b24f83436588ef7f2b581020596a9be8e537919d3f9ab96bdba0' },
  { id: 15, ...MODP_INPUT, digest: '277b877f5b3d74af05519da7343bb3046b3e3cd2385683ab20c3e2d6af5bcc37' },
  { id: 16, ...MODP_INPUT, digest: '2349c89339d68e63b9a57b4605895d670c1b11fa97c72239530ddb49ae618805' },
  { id: 17, ...MODP_INPUT, digest: '8ab1fc894acc026232b00db772617a545bcc27cce30a4c4eb04452af2038e60a' },
  { id: 18, ...MODP_INPUT, digest: '7eb8ce21f51a3693819311294d290bdfadf7d38d1138c4300d41a91897ee02f8' },
  {
    id: 19,
    privateValue: 'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
    peerPublic: `
      d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6a
      ac23f046ada30f8353e74f33039872ab`,
    digest: '2a05e44d6ac69118c56c0b574fef25e56bf1482109bb1323c6224c92c610f72f',
  },
  {
    id: 20,
    privateValue:
      '099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194',
    peerPublic: `
      e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571
      dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c`,
    digest: '1d570ed67344d48109af85e83d2964c9dc04ca695df38be396dae13a05a9cba8',
  },
  {
    id: 21,
    privateValue: `0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0
      95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52`,
    peerPublic: `
      00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e95bb0352f6be64a6
      c2912d4ef2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d985207
      7b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a`,
    digest: 'c221a0739801d6de73b9a3bc09cd18a87aa1c2a8839880e46b0d820a619f9ddb',
  },
  {
    id: 31,
    privateValue: 'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    peerPublic: 'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    digest: 'be71c04f067b5b11d4bfed13eb39a89707086fc1b600376d1b1af4d7152de3c1',
  },
  {
    id: 32,
    privateValue: `
      9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d
      9ac2d8c0a598726b`,
    peerPublic: `
      3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae
      07bdc1c67bf33609`,
    digest: '8fc760456b19c439c062244ec4f72998acc608ec4897c416c2a34b1f00032067',
  },
];

export interface SignatureAnswer {
  readonly name: string;
  readonly scheme: SignatureScheme;
  readonly spki: string;
  readonly message: string;
  readonly signature: string;
}

const RSA_SPKI = `
  30820122300d06092a864886f70d01010105000382010f003082010a0282010100a2b451a07d0aa5f96e455671513550
  514a8a5b462ebef717094fa1fee82224e637f9746d3f7cafd31878d80325b6ef5a1700f65903b469429e89d6eac88450
  97b5ab393189db92512ed8a7711a1253facd20f79c15e8247f3d3e42e46e48c98e254a2fe9765313a03eff8f17e1a029
  397a1fa26a8dce26f490ed81299615d9814c22da610428e09c7d9658594266f5c021d0fceca08d945a12be82de4d1ece
  6b4c03145b5d3495d4ed5411eb878daf05fd7afc3e09ada0f1126422f590975a1969816f48698bcbba1b4d9cae79d460
  d8f9f85e7975005d9bc22c4e5ac0f7c1a45d12569a62807d3b9a02e5a530e773066f453d1f5b4c2e9cf7820283f742b9
  d50203010001`;

const SIGNATURE: readonly SignatureAnswer[] = [
  {
    name: 'RSASSA-PKCS1-v1_5',
    scheme: { kind: 'rsa-pkcs1', hash: 'sha256' },
    spki: RSA_SPKI,
    message: '0000000000000000000000000000000000000000',
    signature: `
      8a1b220cb2ab415dc760eb7f5bb10335a3cca269d7dbbf7d0962ba79f9cf7b43a5fc09c99a1584f07403473d6c189a83
      6897a5b6f8ea9fa22d601e6ba5f7411fe27c638b81b1a22363583a80fce8c7df3e40fb51bd0e60d0a6653f79f3bcb7ec
      3e9dc14cfb5b31ab1735bca692d50ac03f979dda92747c6430f8045efa3513ba6e0ce3e9e35570e1c30c8ebe589b4419
      2e1344ca83dfa576fc6fdc7bf1cd7cee875b001c8c02ce8d602769e4bd9d241c4857182a0089a8b67644e73eef105c55
      0efa47a40874289395ac0c4e02fd4ba98e130a4c2d1b95521c6af4a002ac3bdc6e52122ae4c08cc3da1c896e059acbdd
      ec574ac0432f6103dd97273d8803c102`,
  },
  {
    name: 'RSASSA-PSS',
    scheme: { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 },
    spki: RSA_SPKI,
    message: '0000000000000000000000000000000000000000',
    signature: `
      0658c68fe0895646056d9bca422a64fe48813b4e14f0c8c4122e56d345b6813dc6286ffde014617e351c7af0a0d2c0f2
      85def79cb734e1e055a25fa6fddc1c07da17b4b235c637413b1849c24311fa72331f4c0458c364a4916de8619b884d7e
      37288fad12926fc091f4851686a04fd0a504dbce3db370663a6ea6128fea86c2ca94c63e0d34d7f2c845b5d71d9a5e54
      4451f524a451acb85c49bba7864e0a34a48613a819caf3dfd0d510c940f1df21c3373915be1f3509a557fa4d5a4e9f27
      3e85467961133e2482c0907386454228fb0246638616fc31bbb6fa7c2361b8035994eec69a923f4c0bb0ba8696dfe8b1
      400c2398d7b343fdf498b1116c8de602`,
  },
  {
    name: 'ECDSA P-256',
    scheme: { kind: 'ecdsa', hash: 'sha256', encoding: 'der' },
    spki: `
      3059301306072a8648ce3d020106082a8648ce3d0301070342000404aaec73635726f213fb8a9e64da3b8632e41495a9
      44d0045b522eba7240fad587d9315798aaa3a5ba01775787ced05eaaf7b4e09fc81d6d1aa546e8365d525d`,
    message: '313233343030',
    signature: `
      3046022100a8ea150cb80125d7381c4c1f1da8e9de2711f9917060406a73d7904519e51388022100f3ab9fa68bd47973
      a73b2d40480c2ba50c22c9d76ec217257288293285449b86`,
  },
  {
    name: 'ECDSA P-384',
    scheme: { kind: 'ecdsa', hash: 'sha384', encoding: 'der' },
    spki: `
      3076301006072a8648ce3d020106052b810400220362000429bdb76d5fa741bfd70233cb3a66cc7d44beb3b0663d92a8
      136650478bcefb61ef182e155a54345a5e8e5e88f064e5bc9a525ab7f764dad3dae1468c2b419f3b62b9ba917d5e8c4f
      b1ec47404a3fc76474b2713081be9db4c00e043ada9fc4a3`,
    message: '313233343030',
    signature: `
      30650230234503fcca578121986d96be07fbc8da5d894ed8588c6dbcdbe974b4b813b21c52d20a8928f2e2fdac14705b
      0705498c023100cd7b9b766b97b53d1a80fc0b760af16a11bf4a59c7c367c6c7275dfb6e18a88091eed3734bf5cf41b3
      dc6fecd6d3baaf`,
  },
  {
    name: 'ECDSA P-521',
    scheme: { kind: 'ecdsa', hash: 'sha512', encoding: 'der' },
    spki: `
      30819b301006072a8648ce3d020106052b810400230381860004012a908bfc5b70e17bdfae74294994808bf2a42dab59
      af8b0523a026d640a2a3d6d344520b62177e2cfa339ca42fb0883ec425904fbda2833a3b5b0a9a00811365d8012333d5
      32f8f8eb1a623c378a3694651192bbda833e3b8d7b8f90b2bfc9b045f8a55e1b6a5fe1512c400c4bc9c86fd7c699d642
      f5cee9bb827c8b0abc0da01cef1e`,
    message: '313233343030',
    signature: `
      3081880242014141e4d94a58c1e747cbd9ee6670a41eac3c26fb4db3248e45d583179076e6b19a8e2003657a108f91f9
      a103157edff9b37df2b436a77dc112927d907ac9ba258702420108afa91b34bd904c680471e943af336fb90c5fb2b914
      01a58c9b1f467bf81af8049965dd8b45f12e152f4f7fd3780e3492f31ed2680d4777fbe655fe779ad897ab`,
  },
  {
    name: 'Ed25519',
    scheme: { kind: 'ed25519', hash: 'identity' },
    spki: '302a300506032b65700321007d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa',
    message: '54657374',
    signature: `
      7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e
      39d4eef676573336a5c51eb6f946b30d`,
  },
  {
    name: 'Ed448',
    scheme: { kind: 'ed448', hash: 'identity' },
    spki: `
      3043300506032b6571033a0043ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb
      00742802b8438ea4cb82169c235160627b4c3a9480`,
    message: '03',
    signature: `
      26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633
      fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f
      f3348ab21aa4adafd1d234441cf807c03a00`,
  },
];

/** Every answer that the self-test compares with. */
export interface KnownAnswers {
  readonly aead: readonly AeadAnswer[];
  readonly cbc: readonly CbcAnswer[];
  readonly hash: readonly HashAnswer[];
  readonly hmac: readonly HmacAnswer[];
  readonly prfPlus: readonly PrfPlusAnswer[];
  readonly keyExchange: readonly KeyExchangeAnswer[];
  readonly signature: readonly SignatureAnswer[];
}

export const KNOWN_ANSWERS: KnownAnswers = {
  aead: AEAD,
  cbc: CBC,
  hash: HASH,
  hmac: HMAC,
  prfPlus: PRF_PLUS,
  keyExchange: KEY_EXCHANGE,
  signature: SIGNATURE,
};
