import assert from 'node:assert/strict'
import test from 'node:test'

import { Journal } from '../src/journal.js'
import { DEBOUNCE_MS, StateSync } from '../src/sync.js'
import { FakeServer, FakeStorage, FakeTimers, todo } from './fakes.js'

function page({ server = new FakeServer(), storage = new FakeStorage(), name = 'page' } = {}) {
  const timers = new FakeTimers()
  const shown = { items: null, states: [] }
  const sync = new StateSync({
    api: server,
    journal: new Journal(storage, 'default', name),
    timers,
    onItems: (items) => (shown.items = items),
    onStatus: (status) => {
      shown.status = status
      shown.states.push(status.name)
    },
  })
  return { sync, server, storage, timers, shown, edit: (items) => ((shown.items = items), sync.edit(items)) }
}

const titles = (items) => items.map(({ title }) => title)

test('nothing is shown before the list arrives, then it is', async () => {
  const { sync, shown } = page({ server: new FakeServer([todo(1)]) })
  const started = sync.start()
  assert.equal(shown.items, null)
  assert.equal(shown.status.name, 'loading')
  await started
  assert.deepEqual(shown.items, [todo(1)])
  assert.equal(shown.status.name, 'saved')
})

test('a list that does not exist yet is empty, and is made by the first save', async () => {
  const { sync, shown, server, timers, edit } = page()
  await sync.start()
  assert.deepEqual(shown.items, [])
  edit([todo(1)])
  await timers.fire()
  assert.deepEqual(server.items, [todo(1)])
})

test('changes that follow quickly are saved once', async () => {
  const { sync, shown, server, timers, edit } = page()
  await sync.start()
  for (const count of [1, 2, 3]) edit(Array.from({ length: count }, (_, index) => todo(index)))
  assert.equal(timers.waiting, 1)
  assert.equal(timers.delays.at(-1), DEBOUNCE_MS)
  assert.equal(shown.status.name, 'saving')
  await timers.fire()
  assert.equal(server.writes, 1)
  assert.equal(server.items.length, 3)
  assert.equal(shown.status.name, 'saved')
})

test('a change made while a save is on its way is saved after it', async () => {
  const { sync, server, timers, edit } = page()
  await sync.start()
  edit([todo(1)])
  server.beforeWrite = () => {
    server.beforeWrite = () => {}
    edit([todo(1), todo(2)])
  }
  await timers.fire()
  assert.deepEqual(server.items, [todo(1), todo(2)])
})

test('an unreachable server is asked again, ever less often, until the change is there', async () => {
  const { sync, shown, server, timers, edit } = page()
  await sync.start()
  server.down = true
  edit([todo(1)])
  await timers.fire()
  assert.deepEqual([shown.status.name, shown.status.unsaved, shown.status.kept], ['offline', true, true])
  for (let tries = 0; tries < 8; tries += 1) await timers.fire()
  const pauses = timers.delays.slice(1)
  assert.ok(pauses[0] >= 500 && pauses[0] <= 1000)
  assert.ok(pauses.at(-1) >= 15_000 && pauses.at(-1) <= 30_000)
  server.down = false
  await timers.fire()
  assert.deepEqual(server.items, [todo(1)])
  assert.equal(shown.status.name, 'saved')
  assert.equal(timers.waiting, 0)
})

test('what was typed offline survives the page, and joins what others did meanwhile', async () => {
  const first = page({ server: new FakeServer([todo(1)]), name: 'first' })
  await first.sync.start()
  first.server.down = true
  first.edit([todo(1), todo(2, 'typed offline')])
  await first.timers.fire()

  first.server.put([todo(1, 'todo 1', true)])
  first.server.down = false
  const second = page({ server: first.server, storage: first.storage, name: 'second' })
  await second.sync.start()
  const expected = [todo(1, 'todo 1', true), todo(2, 'typed offline')]
  assert.deepEqual(second.shown.items, expected)
  assert.deepEqual(first.server.items, expected)
  assert.equal(first.storage.length, 1, 'only the copy of the saved list is left')
})

test('a page opened while the server is away goes on with what this browser remembers', async () => {
  const storage = new FakeStorage()
  const server = new FakeServer([todo(1)])
  await page({ server, storage, name: 'first' }).sync.start()
  server.down = true
  const { sync, shown, timers, edit } = page({ server, storage, name: 'second' })
  await sync.start()
  assert.deepEqual(shown.items, [todo(1)])
  assert.equal(shown.status.name, 'offline')
  edit([todo(1), todo(2)])
  server.put([todo(1), todo(3)])
  server.down = false
  await timers.fire()
  assert.deepEqual(server.items.map(({ id }) => id), [1, 3, 2])
})

test('two pages of one browser, both offline, lose nothing of each other', async () => {
  const storage = new FakeStorage()
  const server = new FakeServer([])
  const left = page({ server, storage, name: 'left' })
  const right = page({ server, storage, name: 'right' })
  await left.sync.start()
  await right.sync.start()
  server.down = true
  left.edit([todo(1, 'left')])
  right.edit([todo(2, 'right')])
  server.down = false
  await page({ server, storage, name: 'next day' }).sync.start()
  assert.deepEqual(titles(server.items).sort(), ['left', 'right'])
})

test('a change that meets the change of another is merged with it and saved', async () => {
  const { sync, shown, server, timers, edit } = page({ server: new FakeServer([todo(1)]) })
  await sync.start()
  server.put([todo(1), todo(9, 'theirs')])
  edit([todo(1), todo(2, 'mine')])
  await timers.fire()
  assert.deepEqual(titles(server.items), ['todo 1', 'theirs', 'mine'])
  assert.deepEqual(shown.items, server.items)
})

test('when the list changes under every save, it steps back and tries later', async () => {
  const { sync, shown, server, timers, edit } = page({ server: new FakeServer([]) })
  await sync.start()
  let other = 100
  server.beforeWrite = () => server.put([todo((other += 1))])
  edit([todo(1)])
  await timers.fire()
  assert.equal(shown.status.name, 'offline')
  assert.ok(shown.items.some(({ id }) => id === 1))
  assert.equal(timers.waiting, 1)
})

test('an answer that got lost on the way back does not double anything', async () => {
  const { sync, server, timers, edit } = page({ server: new FakeServer([]) })
  await sync.start()
  edit([todo(1)])
  server.put([todo(1)]) // the write arrived, its answer did not
  await timers.fire()
  assert.deepEqual(server.items, [todo(1)])
})

test('a list that the server refuses is kept, told, and not sent over and over', async () => {
  const { sync, shown, server, storage, timers, edit } = page()
  await sync.start()
  server.refuses = 'too large'
  edit([todo(1)])
  await timers.fire()
  assert.deepEqual([shown.status.name, shown.status.cause], ['refused', 'too large'])
  assert.equal(timers.waiting, 0)
  assert.ok(storage.getItem('todos.unsaved.default:page'))
})

test('where the browser keeps nothing, it says so', async () => {
  const storage = new FakeStorage()
  storage.full = true
  const { sync, shown, server, timers, edit } = page({ storage })
  await sync.start()
  server.down = true
  edit([todo(1)])
  await timers.fire()
  assert.deepEqual([shown.status.unsaved, shown.status.kept], [true, false])
})

test('a refresh brings what others did', async () => {
  const { sync, shown, server } = page({ server: new FakeServer([todo(1)]) })
  await sync.start()
  server.put([todo(1), todo(2)])
  await sync.refresh()
  assert.deepEqual(shown.items, [todo(1), todo(2)])
})

test('looking for changes of others leaves a save or a next try that is under way alone', async () => {
  const { sync, shown, server, timers, edit } = page({ server: new FakeServer([todo(1)]) })
  await sync.start()
  server.put([todo(1), todo(2)])
  await sync.look()
  assert.deepEqual(shown.items, [todo(1), todo(2)])
  server.down = true
  edit([todo(1)])
  await timers.fire()
  const tries = timers.delays.length
  await sync.look()
  assert.equal(timers.delays.length, tries)
  assert.equal(shown.status.name, 'offline')
})
