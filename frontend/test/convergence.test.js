// Many short histories of several pages, picked at random but always the same ones: whatever the order
// of edits, saves, lost connections and reloads, all pages end with one list and no to-do is lost.
import assert from 'node:assert/strict'
import test from 'node:test'

import { Journal } from '../src/journal.js'
import { StateSync } from '../src/sync.js'
import { FakeServer, FakeStorage, FakeTimers, todo } from './fakes.js'

const HISTORIES = 300
const STEPS = 40

/** Numbers in 0…1 that are the same in each run: a linear congruential generator. */
function randomFrom(seed) {
  let state = seed
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32
}

class Person {
  constructor(server, name) {
    this.link = { down: false }
    this.name = name
    this.storage = new FakeStorage()
    this.visits = 0
    const reach = (ask) => async (...given) =>
      this.link.down ? { kind: 'unreachable', cause: 'down' } : server[ask](...given)
    this.api = { read: reach('read'), write: reach('write') }
  }

  async open() {
    this.timers = new FakeTimers()
    this.items = null
    this.visits += 1
    this.sync = new StateSync({
      api: this.api,
      journal: new Journal(this.storage, 'default', `${this.name}${this.visits}`),
      timers: this.timers,
      onItems: (items) => (this.items = items),
      onStatus: (status) => (this.status = status),
    })
    await this.sync.start()
  }

  edit(items) {
    this.items = items
    this.sync.edit(items)
  }

  /** One step of a life; what it adds and removes is noted. */
  async live(random, note) {
    const dice = random()
    if (dice < 0.35) {
      const added = todo(note.next++, `of ${this.name}`)
      note.added.push(added.id)
      this.edit([...this.items, added])
    } else if (dice < 0.5 && this.items.length) {
      const { id } = this.items[Math.floor(random() * this.items.length)]
      note.removed.add(id)
      this.edit(this.items.filter((one) => one.id !== id))
    } else if (dice < 0.65) {
      this.edit(this.items.map((one) => (random() < 0.3 ? { ...one, completed: !one.completed } : one)))
    } else if (dice < 0.85) {
      if (this.timers.waiting) await this.timers.fire()
    } else if (dice < 0.95) {
      this.link.down = !this.link.down
    } else {
      await this.open()
    }
  }
}

test(`${HISTORIES} histories of three people converge and lose nothing`, async () => {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const random = randomFrom(seed)
    const server = new FakeServer([])
    const people = ['Ana', 'Bia', 'Caio'].map((name) => new Person(server, name))
    for (const person of people) await person.open()
    const note = { next: 1, added: [], removed: new Set() }
    for (let step = 0; step < STEPS; step += 1) await people[Math.floor(random() * 3)].live(random, note)

    for (const person of people) person.link.down = false
    for (const person of people) await person.sync.refresh()
    for (const person of people) await person.sync.refresh()

    for (const person of people) {
      assert.deepEqual(person.items, server.items, `history ${seed}: ${person.name} sees another list`)
      assert.equal(person.status.name, 'saved')
    }
    const there = new Set(server.items.map(({ id }) => id))
    const lost = note.added.filter((id) => !note.removed.has(id) && !there.has(id))
    assert.deepEqual(lost, [], `history ${seed} lost to-dos`)
    assert.equal(there.size, server.items.length, `history ${seed} has a to-do twice`)
  }
})
