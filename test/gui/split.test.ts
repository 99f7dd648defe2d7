/** The rules of a split tunnel in the hands of somebody who has a keyboard and no mouse. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Policy } from '../../core/contract/policy.ts';
import { desktopMissing } from './support/desktop.ts';
import { type Gallery, openGallery } from './support/gallery.ts';

const skip = desktopMissing();
/** On a machine that does other things meanwhile; without the lines that are not made it is ten times this. */
const KEY_MS = 2_000;

describe('the rules of a split tunnel', { skip }, () => {
  let gallery: Gallery;
  let page: Page;

  before(async () => {
    gallery = await openGallery();
    ({ page } = gallery);
  });
  after(() => gallery.close());

  const show = async (scene: string): Promise<void> => {
    await gallery.show(scene, 'Split tunnel');
    await page.waitForSelector('.split-rules, .split-empty');
  };
  /** What each line is about. */
  const lines = (): Promise<string[]> =>
    page.evaluate(
      `[...document.querySelectorAll('[role="grid"] .split-rule')].map((one) => one.querySelector('.split-places')?.textContent ?? 'open')`,
    );
  /** The numbers of the rule that has the focus, and of what was said last. */
  const focused = (): Promise<string> => page.evaluate(`document.activeElement?.dataset.rule ?? ''`);
  const announced = (words: string): Promise<unknown> =>
    page.waitForFunction(
      `[...document.querySelectorAll('p[role="status"]')].some((one) => one.textContent.includes(${JSON.stringify(words)}))`,
    );
  const asked = <T>(verb: string): Promise<T[]> =>
    page.evaluate(`window.asked.filter((one) => one.verb === '${verb}').map(({ params }) => params)`);
  const onRule = async (number: number): Promise<void> => {
    await page.locator('[role="grid"] .split-rule').first().focus();
    for (let at = 1; at < number; at++) await page.keyboard.press('ArrowDown');
  };
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };

  test('are moved, copied, removed and brought back by keys alone, and it is said aloud', async () => {
    await show('split');
    await onRule(2);
    await press('Alt+ArrowUp');
    await announced('Rule moved to place 1 of 6.');
    assert.deepEqual((await lines()).slice(0, 2), [
      '*.video.examplemoved',
      'ads.example.net*.tracker.example',
    ]);
    assert.equal(await focused(), '1');
    await press('Alt+ArrowUp');
    await announced('It is the first already.');
    await press('Control+d');
    await announced('1 rule added.');
    await page.waitForFunction(`document.activeElement?.dataset.rule === '2'`);
    await press('Delete');
    await announced('1 rule removed.');
    assert.equal((await lines()).length, 6);
    await press('Control+z', 'Control+z', 'Control+z');
    await announced('Taken back.');
    assert.deepEqual((await lines())[0], 'ads.example.net*.tracker.example');
    assert.equal(await page.locator('.split-changes').count(), 0);
    await press('Control+Shift+z');
    await announced('Done again.');
    assert.equal((await lines())[0], '*.video.examplemoved');
  });

  test('are dragged by keys to a place that is named', async () => {
    await show('split');
    await onRule(2);
    await press('Tab', 'Enter');
    await page.waitForFunction(`document.activeElement?.getAttribute('aria-label')?.startsWith('Insert')`);
    await press('ArrowDown', 'ArrowDown', 'Enter');
    await announced('Rule moved to place 4 of 6.');
    assert.equal((await lines())[3], '*.video.examplemoved');
  });

  test('are written in their place, with what is wrong said beside the field, and applied as they stand', async () => {
    await show('split-connected');
    await onRule(1);
    await press('Enter');
    await page.waitForSelector('.split-editor textarea:focus');
    await press('Control+a');
    await page.keyboard.type('ads.example.org nonsense!');
    await page.getByText('Not understood: nonsense!').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Done' }).isDisabled());
    await press('Control+a');
    await page.keyboard.type('ads.example.org');
    await press('Control+Enter');
    await announced('Rule 1 changed.');
    await page.waitForFunction(`document.activeElement?.dataset.rule === '1'`);
    const bar = page.getByRole('region', { name: 'Changes' });
    await bar.getByText('it is not made anew').waitFor();
    await bar.getByText('Rule 4 protects what the gateway has not granted').waitFor();
    await bar.getByText('The gateway was asked for everything').waitFor();
    await bar.getByRole('button', { name: 'Show changes' }).press('Enter');
    assert.match(await bar.innerText(), /Rule 1 is changed[^]*ads\.example\.net[^]*ads\.example\.org/);
    await bar.getByRole('button', { name: 'Apply now' }).press('Enter');
    await announced('The rules are in force.');
    const [written] = await asked<{ readonly policy: Policy } | undefined>('writePolicy');
    assert.deepEqual(written?.policy.rules[0], { action: 'block', to: ['ads.example.org'] });
    assert.equal(written.policy.rules.length, 6);
  });

  test('outlive a look at another screen, and one that was only begun was never there', async () => {
    await show('split');
    await onRule(1);
    await press('Delete');
    await page.click('nav button[aria-label="Activity"]');
    await page.click('nav button[aria-label="Split tunnel"]');
    await page.waitForSelector('.split-changes');
    assert.equal((await lines()).length, 5);
    await page.getByRole('button', { name: 'Add a rule' }).press('Enter');
    await page.waitForSelector('.split-editor textarea:focus');
    await press('Escape');
    await page.waitForFunction(`document.querySelectorAll('[role="grid"] .split-rule').length === 5`);
  });

  test('are made of what is pasted, after a report of what was not understood', async () => {
    await show('split-empty');
    await page.getByRole('button', { name: 'Paste many' }).press('Enter');
    await page.waitForSelector('[role="dialog"] textarea:focus');
    await page.keyboard.insertText('10.1.2.3/8\nhttps://wiki.example.com/a, x_y\nwiki.example.com:443');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 not understood, and left out').waitFor();
    assert.match(await dialog.innerText(), /10\.1\.2\.3\/8 → 10\.0\.0\.0\/8/);
    await dialog.getByRole('button', { name: 'Add', exact: true }).press('Enter');
    await announced('1 rule added.');
    assert.deepEqual(await lines(), ['10.0.0.0/8wiki.example.comnew']);
  });

  test('answer what happens to a destination, also before they are in force', async () => {
    await show('split-connected');
    await page.getByLabel('Address or name').fill('10.50.7.22:9100');
    await press('Enter');
    const answer = page.locator('.split-answer');
    await answer.getByText('10.50.7.22 (TCP 9100) goes through the tunnel').waitFor();
    await answer.getByText('Rule 3 decides').waitFor();
    assert.equal(await page.locator('.split-lane[data-lit]').getAttribute('data-action'), 'protect');
    await answer.getByRole('button', { name: 'Show rule 3' }).press('Enter');
    await page.waitForFunction(`document.activeElement?.dataset.rule === '3'`);
    await press('Delete');
    await answer.getByText('10.50.7.22 (TCP 9100) goes past the tunnel').waitFor();
    await answer.getByText('which are not in force yet').waitFor();
    const questions = await asked<{ readonly policy?: Policy }>('explain');
    assert.deepEqual([questions.at(0)?.policy, questions.at(-1)?.policy?.rules.length], [undefined, 5]);
  });

  test('of IT are shown first with where they are from, and cannot be changed', async () => {
    await show('split-fixed');
    const fixed = page.getByRole('region', { name: 'Set by IT' });
    assert.match(await fixed.innerText(), /\/etc\/causeway\/profiles\.d\/lab\.policy[^]*10\.60\.0\.0\/16/);
    assert.equal(await fixed.getByRole('button').count(), 0);
    assert.ok(await page.getByRole('button', { name: /Everything else/ }).isDisabled());
    assert.equal(await page.locator('[role="grid"] .split-number').first().innerText(), '3');
  });

  test('are not put over a change that somebody else made meanwhile', async () => {
    await show('split-elsewhere');
    await onRule(2);
    await press('Delete');
    await page.waitForFunction(
      `window.asked.some(({ verb, params }) => verb === 'lintPolicy' && params.policy.rules.length === 5)`,
    );
    await page.getByRole('button', { name: 'Apply now' }).press('Enter');
    await page.getByText('The rules were changed elsewhere meanwhile').waitFor();
    assert.deepEqual(await asked('writePolicy'), []);
    await page.getByRole('button', { name: 'Take what is in force' }).press('Enter');
    await page.waitForFunction(`document.querySelectorAll('.split-changes').length === 0`);
    assert.equal((await lines())[0], '*.video.example');
  });

  test('may be five hundred, of which only those are made that can be seen', async () => {
    await show('split-many');
    await page.waitForSelector('[role="grid"] .split-rule');
    assert.ok((await lines()).length < 60);
    await onRule(2);
    const begun = performance.now();
    await press('Alt+ArrowUp');
    await announced('Rule moved to place 1 of 500.');
    assert.ok(performance.now() - begun < KEY_MS, `${performance.now() - begun} ms`);
  });

  test('write nothing to the console', () => assert.deepEqual(gallery.said, []));
});
