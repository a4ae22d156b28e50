// Entry point: builds the parts, hands them over, and listens to the page's comings and goings.
import { createApp, h, shallowRef } from 'vue'
import 'todomvc-app-css/index.css'

import { StateApi } from './api.js'
import App from './components/App.vue'
import { readConfig } from './config.js'
import { Journal, browserStorage } from './journal.js'
import { keepForOffline } from './offline_registration.js'
import './styles.css'
import { StateSync } from './sync.js'

// So long it takes at most until two people who look at the list see the same.
const LOOK_MS = 10_000

const config = readConfig(window.APP_CONFIG)
window.APP_CONFIG = config
document.querySelector('meta[name="release"]').content = config.release

const todos = shallowRef(null) // null until the state, or this browser's memory of it, has arrived
const status = shallowRef({ name: 'loading' })
const journal = new Journal(browserStorage(), config.stateName)
const sync = new StateSync({
  api: new StateApi(config),
  journal,
  onItems: (items) => {
    todos.value = items
  },
  onStatus: (next) => {
    status.value = next
  },
})

function edit(items) {
  todos.value = items
  sync.edit(items)
}

createApp(() =>
  h(App, { config, todos: todos.value, status: status.value, onEdit: edit, onRetry: () => sync.refresh() }),
).mount('#app')

window.addEventListener('online', () => sync.refresh())
window.addEventListener('pagehide', () => sync.flush())
window.addEventListener('beforeunload', (event) => {
  // Only where the browser refuses to keep anything is leaving a loss.
  if (status.value.unsaved && !status.value.kept) event.preventDefault()
})
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') sync.refresh()
  else sync.flush()
})
window.addEventListener('storage', ({ key }) => {
  if (journal.tellsOfSave(key)) sync.look()
})
setInterval(() => {
  if (document.visibilityState === 'visible') sync.look()
}, LOOK_MS)
sync.start().then(keepForOffline)
