import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KeptCredentials } from '../../../core/cli/kept-credentials.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { utf8Text } from '../../../core/lib/bytes.ts';
import type { CredentialQuestion } from '../../../core/vpn/credential-source.ts';

const PASSWORD: CredentialQuestion = { what: 'password', rejected: false };
const CODE: CredentialQuestion = { what: 'one-time code', rejected: false, message: 'Code?' };

/** A person who answers with the number of the question, and what they were asked. */
function person(): {
  readonly ask: (question: CredentialQuestion) => Promise<SecretBytes>;
  readonly asked: CredentialQuestion[];
} {
  const asked: CredentialQuestion[] = [];
  return { asked, ask: (question) => Promise.resolve(SecretBytes.ofText(`${asked.push(question)}`)) };
}

async function text(kept: KeptCredentials, question: CredentialQuestion): Promise<string | undefined> {
  const given = await kept.get(question);
  return given && utf8Text(given.reveal());
}

describe('what was typed for a connection in the foreground', () => {
  test('is given again when it lasts, until the gateway refuses it', async () => {
    const { ask, asked } = person();
    const kept = new KeptCredentials(SecretBytes.ofText('0'), { keep: true, ask });
    assert.deepEqual([await text(kept, PASSWORD), await text(kept, PASSWORD)], ['0', '0']);
    assert.equal(await text(kept, { ...PASSWORD, rejected: true }), '1');
    assert.equal(asked.length, 1);
  });

  test('is asked for each time, with what the gateway says, when it is a one-time code', async () => {
    const { ask, asked } = person();
    const kept = new KeptCredentials(undefined, { keep: true, ask });
    assert.deepEqual([await text(kept, CODE), await text(kept, CODE)], ['1', '2']);
    assert.deepEqual(asked, [CODE, CODE]);
  });

  test('is gone after one login when it is a one-time code from a descriptor', async () => {
    const code = SecretBytes.ofText('123456');
    const kept = new KeptCredentials(code, { keep: true, ask: () => Promise.resolve(undefined) });
    assert.deepEqual([await text(kept, CODE), await text(kept, CODE)], ['123456', undefined]);
    assert.throws(() => code.reveal());
  });
});
