// Three lists into one: what both sides had in common, what was done here, what was done elsewhere.
import { sameTodo } from './todos.js'

const byId = (todos) => new Map(todos.map((todo) => [todo.id, todo]))

/**
 * Return `theirs` with the changes that lead from `base` to `mine` applied to it.
 *
 * Additions of both sides stay, a deletion holds unless the other side changed the to-do meanwhile, and
 * where both changed the same field of the same to-do, `mine` wins: it is what the person here sees.
 */
export function merge(base, mine, theirs) {
  const [wasById, mineById, theirsById] = [base, mine, theirs].map(byId)
  const kept = theirs.flatMap((their) => {
    const was = wasById.get(their.id)
    const my = mineById.get(their.id)
    if (my) return [mergeOne(was, my, their)]
    const deletedHere = was !== undefined && sameTodo(was, their)
    return deletedHere ? [] : [their]
  })
  const added = mine.filter((my) => {
    if (theirsById.has(my.id)) return false
    const was = wasById.get(my.id)
    return was === undefined || !sameTodo(was, my)
  })
  return [...kept, ...added]
}

function mergeOne(was, my, their) {
  const pick = (field) => (was !== undefined && my[field] === was[field] ? their[field] : my[field])
  return { id: my.id, title: pick('title'), completed: pick('completed') }
}
