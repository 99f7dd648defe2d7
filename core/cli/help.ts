import { EXIT_CODES } from './exit-codes.ts';
import { SERVICE_FORMS, usageOf } from './command-table.ts';

/** Where the words about a command begin. */
const ABOUT_COLUMN = 42;

const EXIT_LINES = EXIT_CODES.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join(
  '\n',
);

const SERVICE_LINES = SERVICE_FORMS.map((form) => usageLine(usageOf(form), form.about)).join('\n');

function usageLine(usage: string, about: string): string {
  const written = `  causeway ${usage}`;
  const isShort = written.length <= ABOUT_COLUMN;
  return isShort
    ? `${written.padEnd(ABOUT_COLUMN)} ${about}`
    : `${written}\n${' '.repeat(ABOUT_COLUMN)} ${about}`;
}

export const HELP = `Causeway connects this machine to an office network through an IKEv2 VPN gateway.

Usage:
  causeway connect PROFILE.json [options]   connect, and stay connected until Ctrl-C
  causeway check PROFILE.json               tell what is wrong with a profile
  causeway completion SHELL                 what bash, zsh or fish completes commands with
  causeway --help | --version

Through the service, which runs as root so that you need not:
${SERVICE_LINES}
With --json they write for programs.

Options of connect:
  --password-fd N     read the password, code or pre-shared key from file descriptor N
                      up to the first line break, instead of asking for it
  --passphrase-fd N   read the passphrase of the private key in the same way
  --json              write one JSON object a line to standard output instead of text
  --keylog FILE       write the keys of the connection to FILE, so that Wireshark can
                      decrypt a capture of it; whoever has that file can do so too
  -v, --verbose       write what happens, step by step, to standard error

Connecting needs root, for the tunnel interface and the routes:
  sudo causeway connect office.json

A password from a file, without a prompt:
  sudo sh -c 'causeway connect office.json --password-fd 3 3</etc/causeway/password'

Ctrl-C ends the connection, tells the gateway, and puts the network back as it was.
A second Ctrl-C does not wait for the gateway.

Exit codes:
${EXIT_LINES}

A profile is described in core/contract/profile.md.
`;
