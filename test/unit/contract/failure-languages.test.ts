import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextFields, sentence } from '../../../core/contract/failure-text.ts';
import { failure, FAILURES, type FailureCode, type FailureContext } from '../../../core/lib/failure.ts';

const codes = Object.keys(FAILURES) as FailureCode[];

function german(code: FailureCode, context: FailureContext = {}): string {
  const { title, why, next } = sentence(failure(code, context), 'de');
  return `${title}\n${why}\n${next}`;
}

test('every failure code has German words of its own, with the same person to act', () => {
  for (const code of codes) {
    const [de, en] = [sentence(failure(code), 'de'), sentence(failure(code))];
    assert.match(de.title, /^\p{Lu}.{9,89}[^.]$/u, `title of ${code}: ${de.title}`);
    assert.match(de.why, /^[\p{Lu}/].{20,}[.:]$/su, `why of ${code}: ${de.why}`);
    assert.match(de.next, /^\p{Lu}.{15,}[.)a-zN]$/su, `next of ${code}: ${de.next}`);
    for (const part of ['title', 'why', 'next'] as const)
      assert.notEqual(de[part], en[part], `${part} of ${code} is English in German`);
    assert.equal(de.who, en.who);
  }
  assert.equal(new Set(codes.map((code) => german(code))).size, codes.length);
});

test('no German words leave a gap, however much of the context is known', () => {
  for (const code of codes) {
    const fields = contextFields(code);
    for (let known = 0; known < 2 ** fields.length; known++) {
      const context = Object.fromEntries(
        fields.filter((_, index) => (known >> index) & 1).map((field) => [field, 'VALUE']),
      );
      const text = german(code, context);
      assert.doesNotMatch(
        text,
        /undefined|null|NaN|\[object|\(\)| {2}| [.,:;)]|\( |\.\.|,,|:\.|,:/,
        `${code}: ${text}`,
      );
    }
  }
});

test('German words show every fact that the English ones show', () => {
  for (const code of codes) {
    const fields = contextFields(code);
    const context = Object.fromEntries(fields.map((field, index) => [field, `fact${index}x`]));
    for (const [index, field] of fields.entries())
      assert.ok(german(code, context).includes(`fact${index}x`), `${code} does not show ${field}`);
  }
});

test('names of settings, commands and notifications are the same in both languages', () => {
  const NAMES =
    /--[a-z-]{3,}|\b[a-z]+\.[a-z]+[A-Za-z]*\b|\/[a-z]+\/[a-z/]+|\b[A-Z]+_[A-Z_]+\b|causeway [a-z]+ [a-z]+/g;
  for (const code of codes) {
    const { title, why, next } = sentence(failure(code));
    const named = (text: string): string[] => [...new Set(text.match(NAMES))].sort();
    assert.deepEqual(named(german(code)), named(`${title}\n${why}\n${next}`), code);
  }
});

/** Words of English, and words that German has its own for. */
const FOREIGN =
  /(?<!--)\b(the|your|please|password|username|user name|settings|setting|update|updaten|restart|log|logs|account|device|retry|checken|canceln|e-mail|support)\b/i;

test('German words address people formally, quote in the German way, and use no English word without need', () => {
  for (const code of codes) {
    const text = german(code);
    assert.doesNotMatch(text, /\b(du|dich|dir|dein\w*|deine\w*)\b/i, `${code}: ${text}`);
    assert.doesNotMatch(text.replace(/-----[A-Z ]+-----/g, ''), FOREIGN, `${code}: ${text}`);
    const quoted = text.replace(/"dns": \{ "use": "none" \}|\["ipv4"\]/g, '');
    assert.doesNotMatch(quoted, /"/, `${code}: ${text}`);
    assert.equal(text.split('„').length, text.split('“').length, `${code}: ${text}`);
  }
});

test('a date is written as Germans write it', () => {
  const now = Date.UTC(2026, 10, 21, 4, 58);
  const { why } = sentence(
    failure('auth.gateway-expired', { notAfter: Date.UTC(2026, 0, 2, 3, 4), now }),
    'de',
  );
  assert.match(
    why,
    /bis 02\.01\.2026, 03:04 UTC gültig; die Uhr dieses Computers zeigt 21\.11\.2026, 04:58 UTC/,
  );
  assert.match(
    sentence(failure('auth.gateway-expired', { notAfter: 1e99 }), 'de').why,
    /ein unlesbares Datum/,
  );
});

test('one second and one try are not plural in German either', () => {
  const why = (seconds: number, tries: number): string =>
    sentence(failure('timeout.init', { seconds, tries }), 'de').why;
  assert.match(why(1, 1), /wurde 1-mal innerhalb von 1 Sekunde am/);
  assert.match(why(60, 5), /wurde 5-mal innerhalb von 60 Sekunden am/);
});

test('a secret that is missing has its German name and article', () => {
  const title = (what: string): string =>
    sentence(failure('config.credential-missing', { what }), 'de').title;
  assert.equal(title('password'), 'Das Passwort fehlt');
  assert.equal(title('pre-shared key'), 'Der gemeinsame Schlüssel fehlt');
  assert.equal(title('passphrase'), 'Die Passphrase fehlt');
  assert.equal(title('one-time code'), 'Der Einmalcode fehlt');
});
