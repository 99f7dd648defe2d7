import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../../core/contract/near.ts';

const words = ['address', 'identity', 'ikePort', 'natPort', 'mtu'];

test('a typing mistake finds the word that was meant', () => {
  assert.equal(nearest('adress', words), 'address');
  assert.equal(nearest('addresses', words), 'address');
  assert.equal(nearest('adderss', words), 'address');
  assert.equal(nearest('ikeport', words), 'ikePort');
  assert.equal(nearest('mut', words), 'mtu');
});

test('a word that is near to none finds none', () => {
  assert.equal(nearest('proposals', words), undefined);
  assert.equal(nearest('xyz', words), undefined);
  assert.equal(nearest('', words), undefined);
  assert.equal(nearest('mtu', []), undefined);
});
