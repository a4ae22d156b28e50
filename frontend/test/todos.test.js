import assert from 'node:assert/strict'
import test from 'node:test'

import { newId, rename, withDistinctIds } from '../src/todos.js'
import { todo } from './fakes.js'

test('a new id is a whole number that every client can hold, and hardly ever comes twice', () => {
  const ids = Array.from({ length: 1000 }, newId)
  assert.ok(ids.every((id) => Number.isSafeInteger(id) && id >= 0))
  assert.equal(new Set(ids).size, ids.length)
})

test('an id that came twice is replaced, each time by the same one, and no to-do is lost', () => {
  const given = [todo(1, 'a'), todo(1, 'b'), todo(2, 'c')]
  const repaired = withDistinctIds(given)
  assert.deepEqual(repaired, [todo(1, 'a'), todo(3, 'b'), todo(2, 'c')])
  assert.deepEqual(withDistinctIds(given), repaired)
})

test('a new title for a to-do that somebody else has removed brings it back', () => {
  assert.deepEqual(rename([todo(1)], todo(1), 'new'), [todo(1, 'new')])
  assert.deepEqual(rename([todo(1)], todo(2, 'gone', true), 'new'), [todo(1), todo(2, 'new', true)])
})
