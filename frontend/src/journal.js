// What this browser remembers: the last list known to be on the server, and lists not saved yet.
// Every open page writes an unsaved list of its own, so that two pages never overwrite each other's;
// the next page that loads takes up what closed ones left behind.

export class Journal {
  #storage
  #cacheKey
  #prefix
  #ownKey
  #adopted = []

  constructor(storage, stateName, page = crypto.getRandomValues(new Uint32Array(1))[0].toString(36)) {
    this.#storage = storage
    this.#cacheKey = `todos.saved.${stateName}`
    this.#prefix = `todos.unsaved.${stateName}:`
    this.#ownKey = this.#prefix + page
  }

  /** The last list known to be on the server: `{items, etag}`, or null. */
  cached() {
    const record = this.#read(this.#cacheKey)
    return record && Array.isArray(record.items) ? record : null
  }

  /** Whether another page of this browser tells by this key of its storage that it has saved the list. */
  tellsOfSave(key) {
    return key === this.#cacheKey
  }

  /** Lists that other or earlier pages could not save: `[{base, items}]`. */
  unsaved() {
    this.#adopted = this.#keys()
      .filter((key) => key.startsWith(this.#prefix) && key !== this.#ownKey)
      .map((key) => ({ key, text: this.#storage.getItem(key) }))
    return this.#adopted
      .map(({ key }) => this.#read(key))
      .filter((record) => record && Array.isArray(record.items) && Array.isArray(record.base))
  }

  /** Remember an unsaved list and the list it was made from. False when the browser keeps nothing. */
  keep(base, items) {
    return this.#write(this.#ownKey, { base, items })
  }

  /** The server has this list now: forget what was unsaved here and what was taken up from others. */
  settle(items, etag) {
    this.#write(this.#cacheKey, { items, etag })
    for (const { key, text } of this.#adopted) {
      // A page that is still open may have written more since; that part is its own to save.
      if (this.#storage.getItem(key) === text) this.#storage.removeItem(key)
    }
    this.#adopted = []
    this.#storage?.removeItem(this.#ownKey)
  }

  #keys() {
    return this.#storage ? Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index)) : []
  }

  #read(key) {
    try {
      return JSON.parse(this.#storage?.getItem(key) ?? 'null')
    } catch {
      return null
    }
  }

  #write(key, record) {
    try {
      this.#storage.setItem(key, JSON.stringify(record))
      return true
    } catch {
      return false // full, or forbidden by the browser's settings
    }
  }
}

/** The browser's storage, or null where its settings forbid it. */
export function browserStorage() {
  try {
    return window.localStorage
  } catch {
    return null
  }
}
