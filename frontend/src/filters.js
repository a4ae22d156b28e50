// Which to-dos the address asks for: #/, #/active, #/completed, or the same after #!.
import { active, completed } from './todos.js'

export const FILTERS = [
  { name: 'all', label: 'All', href: '#/', pick: (todos) => todos },
  { name: 'active', label: 'Active', href: '#/active', pick: active },
  { name: 'completed', label: 'Completed', href: '#/completed', pick: completed },
]

/** The filter of an address's hash; the first one for anything unknown. */
export function filterOf(hash) {
  return FILTERS.find(({ name }) => hash === `#/${name}` || hash === `#!/${name}`) ?? FILTERS[0]
}
