// Stand-ins for what the synchroniser talks to: a server with versions, a browser's storage, a clock.

export class FakeServer {
  constructor(items = null) {
    this.items = items
    this.version = 1
    this.down = false
    this.refuses = undefined
    this.writes = 0
    this.beforeWrite = () => {}
  }

  get etag() {
    return this.items === null ? null : `"v${this.version}"`
  }

  put(items) {
    this.items = items
    this.version += 1
  }

  async read(etag) {
    if (this.down) return { kind: 'unreachable', cause: 'down' }
    if (this.items === null) return { kind: 'absent' }
    if (etag === this.etag) return { kind: 'unchanged' }
    return { kind: 'list', items: this.items, etag: this.etag }
  }

  async write(items, etag) {
    await this.beforeWrite()
    if (this.down) return { kind: 'unreachable', cause: 'down' }
    if (this.refuses) return { kind: 'refused', cause: this.refuses }
    if (etag !== undefined && etag !== this.etag) {
      return { kind: 'conflict', items: this.items ?? [], etag: this.etag }
    }
    this.writes += 1
    this.put(items)
    return { kind: 'saved', etag: this.etag }
  }
}

export class FakeStorage {
  #entries = new Map()
  full = false

  get length() {
    return this.#entries.size
  }

  key(index) {
    return [...this.#entries.keys()][index] ?? null
  }

  getItem(key) {
    return this.#entries.get(key) ?? null
  }

  setItem(key, value) {
    if (this.full) throw new Error('quota')
    this.#entries.set(key, value)
  }

  removeItem(key) {
    this.#entries.delete(key)
  }
}

/** A clock that stands still until it is told to run the timer that is due next. */
export class FakeTimers {
  #waiting = new Map()
  #next = 1
  delays = []

  setTimeout = (action, delay) => {
    this.delays.push(delay)
    this.#waiting.set(this.#next, action)
    return this.#next++
  }

  clearTimeout = (id) => this.#waiting.delete(id)

  get waiting() {
    return this.#waiting.size
  }

  async fire() {
    const [id, action] = this.#waiting.entries().next().value
    this.#waiting.delete(id)
    await action()
  }
}

export const todo = (id, title = `todo ${id}`, completed = false) => ({ id, title, completed })
