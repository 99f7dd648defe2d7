import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeCertificates } from '../../../core/import/describe.ts';
import { PASSPHRASE, proposed, sample } from './support.ts';

test('what the gallery shows as proposals is what importing the samples makes', () => {
  const path = join(import.meta.dirname, '../../gui/gallery/proposals.json');
  const shown = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const { certificates, ...proposals } = shown;
  for (const [name, proposal] of Object.entries(proposals))
    assert.deepEqual(proposal, proposed(name, sample(name), PASSPHRASE));
  const { profile } = proposed('modern.p12', sample('modern.p12'), PASSPHRASE);
  const { user, gateway } = profile as { user: { certificate: string }; gateway: { authorities: string } };
  assert.deepEqual(certificates, {
    user: describeCertificates(user.certificate),
    authority: describeCertificates(gateway.authorities),
  });
});
