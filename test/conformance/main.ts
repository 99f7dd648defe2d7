/**
 * `npm run conformance [-- --missing] [-- --reasons]`: for each enrolled RFC, how many of the MUSTs that bind an
 * initiator are tested on both sides, on one, on none, or carry a written reason.
 */
import { parseArgs } from 'node:util';
import { ENROLLED } from './register.ts';
import { standingOf } from './report.ts';
import { readTags } from './tags.ts';

const { values } = parseArgs({ options: { missing: { type: 'boolean' }, reasons: { type: 'boolean' } } });
const proofs = readTags();
const standings = ENROLLED.map((rfc) => standingOf(rfc, proofs));

const cell = (value: string | number): string => String(value).padStart(12);
console.log(['RFC     ', ...['MUSTs', 'both sides', 'one side', 'reason', 'none'].map(cell)].join(''));
for (const { rfc, total, both, one, reasoned, none } of standings) {
  const counts = [total, both.length, one.length, reasoned.length, none.length];
  console.log([rfc.replace('rfc', 'RFC ').padEnd(8), ...counts.map(cell)].join(''));
}
if (values.reasons) {
  for (const { reasoned } of standings) {
    for (const { id, reason } of reasoned) console.log(`\n${id} (${reason.kind})\n  ${reason.text}`);
  }
}
const missing = standings.flatMap(({ none }) => none);
if (values.missing || missing.length > 0) {
  for (const { id, text } of missing) console.log(`\n${id}: neither a test nor a reason\n  ${text}`);
}
process.exitCode = missing.length > 0 ? 1 : 0;
