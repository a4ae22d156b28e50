// The list as a value: every function returns a new list and leaves the given one alone.

const ID_LIMIT = 2 ** 53

/** A new whole-number id. Random, so that people who add at the same moment do not pick the same. */
export function newId() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2))
  return (high % 2 ** 21) * 2 ** 32 + low
}

export function add(todos, title) {
  return [...todos, { id: newId(), title, completed: false }]
}

export function change(todos, id, fields) {
  return todos.map((todo) => (todo.id === id ? { ...todo, ...fields } : todo))
}

/** Give a to-do another title. One that somebody else removed meanwhile comes back, for what was typed. */
export function rename(todos, todo, title) {
  const there = todos.some(({ id }) => id === todo.id)
  return there ? change(todos, todo.id, { title }) : [...todos, { ...todo, title }]
}

export function remove(todos, id) {
  return todos.filter((todo) => todo.id !== id)
}

export function completeAll(todos, completed) {
  return todos.map((todo) => ({ ...todo, completed }))
}

export function active(todos) {
  return todos.filter((todo) => !todo.completed)
}

export function completed(todos) {
  return todos.filter((todo) => todo.completed)
}

/** Whether two lists hold the same to-dos in the same order. */
export function same(left, right) {
  return left.length === right.length && left.every((todo, index) => sameTodo(todo, right[index]))
}

export function sameTodo(left, right) {
  return left.id === right.id && left.title === right.title && left.completed === right.completed
}

/** Other clients may have used an id twice; give later ones the next free id, always the same one. */
export function withDistinctIds(todos) {
  const taken = new Set(todos.map(({ id }) => id))
  const seen = new Set()
  return todos.map((todo) => {
    let { id } = todo
    if (seen.has(id)) while (taken.has(id)) id = (id + 1) % ID_LIMIT
    seen.add(id)
    taken.add(id)
    return { id, title: todo.title, completed: todo.completed }
  })
}
