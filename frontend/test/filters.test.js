import assert from 'node:assert/strict'
import test from 'node:test'

import { filterOf } from '../src/filters.js'
import { todo } from './fakes.js'

const todos = [todo(1), todo(2, 'done', true)]
const cases = {
  '': [1, 2],
  '#/': [1, 2],
  '#/active': [1],
  '#/completed': [2],
  '#!/active': [1],
  '#/nothing': [1, 2],
}

for (const [hash, ids] of Object.entries(cases)) {
  test(`the address ${hash || 'without a hash'} shows ${ids}`, () => {
    assert.deepEqual(filterOf(hash).pick(todos).map(({ id }) => id), ids)
  })
}
