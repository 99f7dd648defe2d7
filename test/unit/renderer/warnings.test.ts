import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import i18next from 'i18next';
import { toldFailure } from '../../../core/contract/failure-text.ts';
import { type ToldWarning, WARNING_CODES } from '../../../core/contract/snapshot.ts';
import { failure } from '../../../core/lib/failure.ts';
import { setLanguage } from '../../../renderer/i18n/i18n.ts';
import { warningText } from '../../../renderer/i18n/warnings.ts';

const FACTS = {
  servers: ['10.0.0.53', 'fd00::53'],
  said: 'Maintenance at noon',
  failure: toldFailure(failure('platform.dns-failed', { command: 'resolvectl' })),
};

function said(warning: ToldWarning): string {
  return warningText(i18next.t, warning);
}

afterEach(() => setLanguage('en'));

test('every warning of a connection has words of its own in both languages, with what it is about', async () => {
  for (const code of WARNING_CODES) {
    const warning = { code, message: 'MESSAGE', facts: FACTS };
    await setLanguage('en');
    const english = said(warning);
    await setLanguage('de');
    const german = said(warning);
    assert.notEqual(english, german);
    for (const text of [english, german]) {
      assert.doesNotMatch(text, /MESSAGE|\{\{|connection\.warnings/);
      if (code === 'name-server-outside') assert.match(text, /10\.0\.0\.53, fd00::53/);
      if (code === 'names-not-set') assert.match(text, /resolvectl/);
      if (code === 'eap-notification') assert.match(text, /Maintenance at noon/);
    }
  }
});

test('a warning that this app does not know, or that lacks its facts, is said as the service says it', async () => {
  await setLanguage('de');
  assert.equal(said({ code: 'of-a-newer-service', message: 'Careful.', facts: FACTS }), 'Careful.');
  assert.equal(said({ code: 'name-server-outside', message: 'Careful.' }), 'Careful.');
  assert.equal(said({ code: 'names-not-set', message: 'Careful.', facts: {} }), 'Careful.');
});
