/**
 * `npm run bench -- NAME [--json]`: measures us beside somebody else in one run. For people, a line a figure;
 * with --json, one object a line in the form of BenchRow.
 */
import { appBench } from './app.ts';
import { connectBench } from './connect.ts';
import { espEngineBench } from './esp-engine-bench.ts';
import { rowText, type Bench } from './report.ts';
import { roamBench } from './roam.ts';
import { serviceBench } from './service.ts';
import { throughputBench } from './throughput.ts';

const BENCHES: readonly Bench[] = [
  connectBench,
  throughputBench,
  roamBench,
  espEngineBench,
  serviceBench,
  appBench,
];

const words = process.argv.slice(2);
const json = words.includes('--json');
const names = words.filter((word) => !word.startsWith('-'));
const [bench] = BENCHES.filter(({ name }) => name === names[0]);

if (
  bench === undefined ||
  names.length !== 1 ||
  words.some((word) => word.startsWith('-') && word !== '--json')
) {
  const list = BENCHES.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n');
  console.error(`usage: npm run bench -- NAME [--json]\n${list}`);
  process.exitCode = 2;
} else {
  const note = (text: string): void => {
    if (!json) console.error(text);
  };
  for (const row of await bench.run(note)) console.log(json ? JSON.stringify(row) : rowText(row));
}
