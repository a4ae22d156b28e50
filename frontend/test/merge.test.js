import assert from 'node:assert/strict'
import test from 'node:test'

import { merge } from '../src/merge.js'
import { todo } from './fakes.js'

const base = [todo(1), todo(2)]

test('additions of both sides stay, theirs first', () => {
  const merged = merge(base, [...base, todo(3)], [...base, todo(4)])
  assert.deepEqual(merged.map(({ id }) => id), [1, 2, 4, 3])
})

test('a deletion holds on either side', () => {
  assert.deepEqual(merge(base, [todo(1)], base), [todo(1)])
  assert.deepEqual(merge(base, base, [todo(2)]), [todo(2)])
})

test('a change beats a deletion on either side', () => {
  const changed = [todo(1), todo(2, 'changed')]
  assert.deepEqual(merge(base, [todo(1)], changed), changed)
  assert.deepEqual(merge(base, changed, [todo(1)]), changed)
})

test('changes of different fields of one to-do both hold', () => {
  const merged = merge([todo(1)], [todo(1, 'mine')], [todo(1, 'todo 1', true)])
  assert.deepEqual(merged, [todo(1, 'mine', true)])
})

test('of two changes to one field, the one made here holds', () => {
  assert.deepEqual(merge([todo(1)], [todo(1, 'mine')], [todo(1, 'theirs')]), [todo(1, 'mine')])
})

test('with no common list known, nothing of either side is lost', () => {
  const merged = merge([], [todo(1), todo(2)], [todo(2), todo(3)])
  assert.deepEqual(merged.map(({ id }) => id), [2, 3, 1])
})

test('merging again changes nothing, so a repeated save settles', () => {
  const mine = [todo(1, 'mine'), todo(3)]
  const once = merge(base, mine, [...base, todo(4)])
  assert.deepEqual(merge(base, mine, once), once)
})
