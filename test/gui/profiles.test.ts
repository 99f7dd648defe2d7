/** Profiles in the hands of a person: importing, answering for what is imported, writing one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { desktopMissing } from './support/desktop.ts';
import { type Gallery, openGallery } from './support/gallery.ts';

const skip = desktopMissing();

describe('profiles', { skip }, () => {
  let gallery: Gallery;
  let page: Page;

  before(async () => {
    gallery = await openGallery();
    ({ page } = gallery);
  });
  after(() => gallery.close());

  const asked = <T>(verb: string): Promise<T[]> =>
    page.evaluate(`window.asked.filter((one) => one.verb === '${verb}').map(({ params }) => params)`);
  const press = (name: string): Promise<void> =>
    page.getByRole('button', { name, exact: true }).first().click();
  const dropFile = async (name: string, text: string): Promise<void> => {
    // What takes files is loaded behind the first screen.
    await page.waitForFunction(`(() => {
      const data = new DataTransfer();
      data.items.add(new File(['x'], 'x'));
      const event = new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true });
      return !document.body.dispatchEvent(event);
    })()`);
    await page.evaluate(
      `(() => {
        const data = new DataTransfer();
        data.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}));
        for (const kind of ['dragover', 'drop'])
          document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
      })()`,
    );
  };

  test('a file that is dropped on any screen is converted by the app, and its proposal is shown', async () => {
    await gallery.show('profiles-drop', 'Settings');
    await dropFile('office.sswan', '{"a":1}');
    await page.getByRole('heading', { name: 'Add this profile?' }).waitFor();
    assert.deepEqual(await asked('convertImport'), [
      { source: 'office.sswan', contents: Buffer.from('{"a":1}').toString('base64') },
    ]);
    assert.equal((await asked('writeProfile')).length, 0, 'nothing is added before the answer');
    await press('Add it');
    await page.getByText('Example office is added.').waitFor();
    const [written] = await asked<{ contents: { name: string } }>('writeProfile');
    assert.equal(written?.contents.name, 'Example office');
  });

  test('a proposal is not closed by Escape, and refusing it says so to the app', async () => {
    await gallery.show('proposal-link', 'Connection');
    await page.keyboard.press('Escape');
    await press('Do not add it');
    assert.equal((await asked('dropProposal')).length, 1);
    assert.equal((await asked('writeProfile')).length, 0);
  });

  test('one that lacks something can only be edited, and is added when it is whole', async () => {
    await gallery.show('proposal-p12', 'Connection');
    assert.equal(await page.getByRole('button', { name: 'Add it' }).count(), 0);
    await press('Edit first');
    await page.getByRole('heading', { name: 'New profile' }).waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Alice’s key');
    await press('Save');
    assert.equal((await asked('writeProfile')).length, 0);
    await page.getByLabel('Gateway', { exact: true }).fill('vpn.example.com');
    await press('Save');
    await page.getByText('Alice’s key is added.').waitFor();
    const [written] = await asked<{ contents: { gateway: { address: string } } }>('writeProfile');
    assert.equal(written?.contents.gateway.address, 'vpn.example.com');
  });

  test('a profile of the same name is replaced when that is wanted', async () => {
    await gallery.show('proposal-same', 'Connection');
    await page.getByRole('button', { name: /You have a profile of this name/ }).click();
    await page.getByRole('option', { name: 'Put it in the place of that' }).click();
    await press('Add it');
    await page.getByText('Office is replaced.').waitFor();
    const [written] = await asked<{ profile?: string }>('writeProfile');
    assert.equal(written?.profile, '00112233445566aa');
  });

  test('a passphrase goes to the app with the name of the file, and not with its contents', async () => {
    await gallery.show('import-locked', 'Profiles');
    await press('Import a file …');
    await page.getByText('This passphrase does not open it.').waitFor();
    await page.getByLabel('Passphrase').fill('secret');
    await page.keyboard.press('Enter');
    await page.waitForFunction(`window.asked.some((one) => one.verb === 'convertImport')`);
    assert.deepEqual(await asked('convertImport'), [{ source: 'alice.p12', passphrase: 'secret' }]);
  });

  test('mistakes are said at their fields while one writes', async () => {
    await gallery.show('profiles-empty', 'Profiles');
    await press('New profile');
    assert.equal(await page.locator('.field-error').filter({ hasText: /./ }).count(), 0);
    await page.getByLabel('Name', { exact: true }).fill('Office');
    await page.getByLabel('Gateway', { exact: true }).fill('https://vpn.example.com/');
    await page.getByLabel('User name', { exact: true }).fill('alice');
    await press('Save');
    await page
      .getByText('Must be a host name or an IP address, without a scheme, port or path.')
      .first()
      .waitFor();
    await page.getByLabel('Gateway', { exact: true }).fill('vpn.example.com');
    assert.equal(await page.locator('.field-error').filter({ hasText: /./ }).count(), 0);
    await page.getByText('What goes through the tunnel').click();
    await page.getByLabel('Networks behind the gateway').fill('10.0.0.0/8\n10.1.2.3/8');
    await page
      .getByText(/did you mean 10\.0\.0\.0\/8\?/)
      .first()
      .waitFor();
    await page.getByLabel('Networks behind the gateway').fill('10.0.0.0/8\n');
    await press('Save');
    await page.waitForFunction(`window.asked.some((one) => one.verb === 'writeProfile')`);
    assert.deepEqual(await asked('writeProfile'), [
      {
        contents: {
          version: 1,
          name: 'Office',
          gateway: { address: 'vpn.example.com' },
          user: { method: 'eap-mschapv2', username: 'alice' },
          tunnel: { remote: ['10.0.0.0/8'] },
        },
      },
    ]);
  });

  test('what was written is not lost by leaving, and a removal is asked about', async () => {
    await gallery.show('profiles-some', 'Profiles');
    await page.getByRole('button', { name: /^Office by certificate/ }).click();
    await press('Edit');
    await page.getByLabel('Name', { exact: true }).fill('Another name');
    await press('Cancel');
    await press('Stay');
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Another name');
    await press('Cancel');
    await press('Leave');
    await press('Remove …');
    await press('Keep it');
    assert.equal((await asked('removeProfile')).length, 0);
    await press('Remove …');
    await press('Remove');
    await page.getByText('Office by certificate is removed.').waitFor();
  });

  test('a profile of IT can be looked at and copied, and not changed', async () => {
    await gallery.show('profiles-system', 'Profiles');
    await page.getByRole('button', { name: /^Headquarters/ }).click();
    await page.getByText('It cannot be changed here.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Edit', exact: true }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Remove …' }).count(), 0);
    await press('Duplicate');
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Headquarters (copy)');
  });
});
