/** Asks for a secret as the command does, and shows what came of it; run inside a pseudo-terminal by a test. */
import { promptSecret } from '../../../core/cli/secret-input.ts';
import { toHex } from '../../../core/lib/bytes.ts';

const prompted = await promptSecret('Password: ', process.stdin, process.stderr);
const octets = prompted.kind === 'secret' ? toHex(prompted.secret.reveal()) : '';
process.stdout.write(`[${prompted.kind}:${octets}:${process.stdin.isRaw ? 'raw' : 'cooked'}]\n`);
