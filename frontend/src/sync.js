// Keeps the list on the screen and the list on the server the same, through failures of the network
// and changes of other people. Knows nothing of pages or of Vue: the parts come in by constructor.
import { merge } from './merge.js'
import { same } from './todos.js'

export const DEBOUNCE_MS = 400
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000
// So many lost races in a row mean a crowd: step back and try again later.
const MOST_MERGES_IN_A_ROW = 8

/**
 * States told by `onStatus({name, cause, unsaved, kept})`: `loading` (nothing known yet), `saving`, `saved`,
 * `offline` (tries again by itself), `refused` (the server will not take this list as it is).
 * `unsaved`: there are changes that the server does not have; `kept`: this browser has them on disk.
 */
export class StateSync {
  #api
  #journal
  #onItems
  #onStatus
  #timers
  #items = []
  #base = { items: [], etag: undefined }
  #stale = true
  #busy = false
  #kept = true
  #failures = 0
  #timer
  #status = 'loading'

  constructor({ api, journal, onItems, onStatus, timers = globalThis }) {
    this.#api = api
    this.#journal = journal
    this.#onItems = onItems
    this.#onStatus = onStatus
    this.#timers = timers
  }

  /** Take up what this browser remembers, then ask the server. Resolves after the first answer. */
  async start() {
    this.#base = this.#journal.cached() ?? this.#base
    this.#items = this.#journal
      .unsaved()
      .reduce((items, record) => merge(record.base, record.items, items), this.#base.items)
    if (this.#isDirty) this.#kept = this.#journal.keep(this.#base.items, this.#items)
    this.#tell('loading')
    await this.#exchange()
  }

  /** The person changed the list: remember it here at once, and save it when they pause. */
  edit(items) {
    if (same(items, this.#items)) return
    this.#items = items
    this.#kept = this.#journal.keep(this.#base.items, items)
    this.#tell(this.#status === 'offline' ? 'offline' : 'saving')
    this.#schedule(DEBOUNCE_MS)
  }

  /** Look for changes made elsewhere, now. */
  refresh() {
    this.#stale = true
    return this.#exchange()
  }

  /** Look for changes made elsewhere, unless a save or a next try is under way anyhow. */
  look() {
    return this.#status === 'saved' ? this.refresh() : undefined
  }

  /** Do now what is waiting for its time: the page is being left, or the network came back. */
  flush() {
    return this.#timer === undefined ? undefined : this.#exchange()
  }

  get #isDirty() {
    return !same(this.#items, this.#base.items)
  }

  async #exchange() {
    this.#unschedule()
    if (this.#busy) return // the loop that is running sees everything that has changed
    this.#busy = true
    try {
      let merges = 0
      while (this.#stale || this.#isDirty) {
        const answer = this.#stale ? await this.#read() : await this.#write()
        if (answer.kind === 'conflict') merges += 1
        if (answer.kind === 'refused') return this.#giveUp(answer.cause)
        if (answer.kind === 'unreachable') return this.#retryLater(answer.cause)
        if (merges > MOST_MERGES_IN_A_ROW) return this.#retryLater('others are changing the list all the time')
      }
      this.#failures = 0
      this.#journal.settle(this.#base.items, this.#base.etag)
      this.#tell('saved')
    } finally {
      this.#busy = false
    }
  }

  async #read() {
    const known = this.#status === 'loading' ? undefined : this.#base.etag
    const answer = await this.#api.read(known)
    if (answer.kind === 'list') this.#rebase(answer.items, answer.etag)
    if (answer.kind === 'absent') this.#rebase([], null)
    if (['list', 'absent', 'unchanged'].includes(answer.kind)) this.#stale = false
    return answer
  }

  async #write() {
    this.#tell('saving')
    const sent = this.#items
    const answer = await this.#api.write(sent, this.#base.etag)
    if (answer.kind === 'saved') this.#base = { items: sent, etag: answer.etag }
    if (answer.kind === 'conflict') this.#rebase(answer.items, answer.etag)
    return answer
  }

  /** The server has `theirs`: carry over onto it what was changed here since the last known version. */
  #rebase(theirs, etag) {
    const merged = merge(this.#base.items, this.#items, theirs)
    this.#base = { items: theirs, etag }
    this.#items = merged
    if (this.#isDirty) this.#kept = this.#journal.keep(theirs, merged)
    this.#onItems(merged)
  }

  #giveUp(cause) {
    this.#showRemembered()
    this.#tell('refused', cause)
  }

  /** Nothing came from the server yet: go on with what this browser remembers. */
  #showRemembered() {
    if (this.#status === 'loading') this.#onItems(this.#items)
  }

  #retryLater(cause) {
    this.#showRemembered()
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures)
    this.#failures += 1
    this.#schedule(delay * (0.5 + Math.random() / 2)) // apart, when many lost the same server at once
    this.#tell('offline', cause)
  }

  #schedule(delay) {
    this.#unschedule()
    this.#timer = this.#timers.setTimeout(() => this.#exchange(), delay)
  }

  #unschedule() {
    this.#timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #tell(name, cause) {
    this.#status = name
    this.#onStatus({ name, cause, unsaved: this.#isDirty, kept: this.#kept })
  }
}
