/** Sentences for what is wrong with a profile, a policy, a credential, or with what was asked for. */
import type { FailureCode } from '../../../lib/failure.ts';
import { explain, given, type Explanation } from '../facts.ts';

type ConfigCode = Extract<FailureCode, `config.${string}`>;

export const CONFIG_FAILURES = {
  'config.profile-unknown': explain('user', ['profile'], (c) => ({
    title: 'There is no such profile',
    why: `The service knows no profile ${c.profile ?? 'of that name'} of yours or of this machine.`,
    next: 'See which there are: causeway profile list.',
  })),

  'config.profile-ambiguous': explain('user', ['profiles'], (c) => ({
    title: 'Which profile is meant?',
    why: `More than one profile fits what was said${given(c.profiles, (names) => `: ${names}`)}.`,
    next: 'Say which one by its id, the word in brackets.',
  })),

  'config.profile-unreadable': explain('user', ['file', 'detail'], (c) => ({
    title: 'The profile cannot be read',
    why: `${c.file ?? 'The profile file'} could not be read${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Check the path, and that you may read the file.',
  })),

  'config.profile-not-json': explain('user', ['file', 'line', 'column', 'detail'], (c) => ({
    title: 'The profile is not valid JSON',
    why: `${c.file ?? 'The profile'} cannot be understood${given(c.line, (line) => ` at line ${line}`)}${given(c.column, (column) => `, column ${column}`)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Look at that place and just before it: a missing or surplus comma, or a quotation mark that is not closed, is the usual cause.',
  })),

  'config.profile-invalid': explain('user', ['file', 'problems'], (c) => ({
    title: 'The profile has mistakes in it',
    why:
      given(c.problems, (text) => `${c.file ?? 'The profile'} says:\n${text}`) ||
      `${c.file ?? 'The profile'} holds something that Causeway does not know or that has the wrong form.`,
    next: 'Correct the profile and check it with: causeway check PROFILE.json',
  })),

  'config.policy-unreadable': explain('user', ['file', 'detail'], (c) => ({
    title: 'The policy cannot be read',
    why: `${c.file ?? 'The file'} cannot be understood as JSON${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Check the path, and look for a missing or surplus comma, or a quotation mark that is not closed.',
  })),

  'config.policy-invalid': explain('user', ['file', 'problems'], (c) => ({
    title: 'The policy has mistakes in it',
    why:
      given(c.problems, (text) => `${c.file ?? 'The policy'} says:\n${text}`) ||
      `${c.file ?? 'The policy'} holds something that Causeway does not know or that has the wrong form.`,
    next: 'Correct the policy and write it again with: causeway policy set.',
  })),

  'config.policy-changed': explain('user', [], () => ({
    title: 'The policy was changed by somebody else meanwhile',
    why: 'It is no longer the one that was opened in the editor, and writing the edited one would undo that change.',
    next: 'Look at what holds now with causeway policy show, and edit that.',
  })),

  'config.editor-failed': explain('user', ['editor', 'detail'], (c) => ({
    title: 'The editor did not do its work',
    why: `${c.editor ?? 'The editor'} could not be run to its end${given(c.detail, (text) => `: ${text}`)}. The policy is as it was.`,
    next: 'Set the environment variable EDITOR to an editor of this machine, such as nano or vi, and try again.',
  })),

  'config.file-not-written': explain('user', ['file', 'detail'], (c) => ({
    title: 'The file could not be written',
    why: `${c.file ?? 'The file'} could not be made${given(c.detail, (text) => `: ${text}`)}. Nothing was replaced.`,
    next: 'Name a new file in a directory of yours with --output.',
  })),

  'config.fixed-policy-invalid': explain('it', ['problems'], (c) => ({
    title: 'The part of the split tunnel that IT fixed has mistakes in it',
    why:
      given(c.problems, (text) => `Its file says:\n${text}`) ||
      'Its file holds something that Causeway does not know or that has the wrong form.',
    next: 'Ask your IT department to correct the policy that lies beside the profile in /etc/causeway/profiles.d. Nothing is connected without what it says.',
  })),

  'config.too-many-profiles': explain('user', ['limit'], (c) => ({
    title: 'There is no room for another profile',
    why: `The service keeps so much for each user${given(c.limit, (text) => `: ${text}`)}.`,
    next: 'Remove profiles that you do not need with: causeway profile remove NAME.',
  })),

  'config.policy-unusable': explain('user', ['problems'], (c) => ({
    title: 'The split-tunnel policy cannot be carried out',
    why:
      given(c.problems, (text) => `Of the policy:\n${text}`) ||
      'It asks for something that Causeway cannot enforce on this machine.',
    next: 'Change the policy, and write it again with: causeway policy set.',
  })),

  'config.not-automatic': explain('it', ['profile'], (c) => ({
    title: 'This profile does not connect by itself',
    why: `${c.profile ?? 'The profile'} does not say on which networks that is to be done.`,
    next: 'Ask IT for a profile with automatic.connect, or add it to yours; core/contract/profile.md explains how.',
  })),

  'config.credential-missing': explain('user', ['what', 'user', 'detail'], (c) => ({
    title: `The ${c.what ?? 'password'} is missing`,
    why: `The connection needs the ${c.what ?? 'password'}${given(c.user, (user) => ` of ${user}`)}, and ${c.detail ?? 'none was given'}.`,
    next: 'Connect again, and answer when you are asked for it. Where nobody can be asked, such as in a script, hand it over on a file descriptor: --password-fd N for a password or a pre-shared key, --passphrase-fd N for the passphrase of a private key.',
  })),

  'config.certificate-invalid': explain('user', ['field', 'detail'], (c) => ({
    title: 'A certificate in the profile cannot be used',
    why: `The certificate in ${c.field ?? 'the profile'} cannot be used${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Put the certificate in again in PEM form (text that begins with -----BEGIN CERTIFICATE-----), or ask IT for a new one.',
  })),

  'config.key-invalid': explain('user', ['field', 'detail'], (c) => ({
    title: 'The private key in the profile cannot be used',
    why: `The key in ${c.field ?? 'user.privateKey'} cannot be used${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Put the private key in again in PEM form (text that begins with -----BEGIN PRIVATE KEY-----), or ask IT for a new one.',
  })),

  'config.passphrase-wrong': explain('user', [], () => ({
    title: 'The passphrase of the private key is wrong',
    why: 'The private key in the profile is encrypted, and this passphrase does not open it.',
    next: 'Try again. The passphrase is the one that was set when the key file was made, not the password of your account.',
  })),

  'config.key-mismatch': explain('user', ['subject'], (c) => ({
    title: 'The private key does not belong to the certificate',
    why: `The certificate${given(c.subject, (subject) => ` of ${subject}`)} holds another public key than the one that fits user.privateKey.`,
    next: 'Put a certificate and a private key into the profile that were made together. When user.certificate holds several, your own must be the first.',
  })),

  'config.usage': explain('user', ['detail'], (c) => ({
    title: 'The command was not understood',
    why: c.detail ?? 'The command has an option or an argument that Causeway does not know.',
    next: 'See all commands and options with: causeway --help',
  })),

  'config.keylog-refused': explain('user', ['file', 'detail'], (c) => ({
    title: 'The keys of the connection cannot be written to that file',
    why: `Causeway refuses to write keys to ${c.file ?? 'the file after --keylog'}${given(c.detail, (text) => `: ${text}`)}. Whoever can read that file can read the traffic of the connection.`,
    next: 'Run the command as root and name a file that does not exist yet, in a folder that only root can write to.',
  })),
} satisfies Readonly<Record<ConfigCode, Explanation>>;
