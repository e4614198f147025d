/** A menu tree as the rows of an outline: every node once in its place, further ways to it as references. */
import type { MenuNode, MenuTree } from './wire'

export interface Row {
  id: string
  /** The key, digits or way that leads here; empty for the first node. */
  by: string
  depth: number
  node: string
  /** The node stands elsewhere in the outline already; `isBack` when it is above this row. */
  isReference: boolean
  isBack: boolean
  isMissing: boolean
}

const WAY_ORDER = ['next', 'known', 'unknown', 'elderly', 'open', 'closed', 'other', 'back']

/** Ways first, then digits in order, then # and 0 at the end: as people read a menu. `*` repeats and is not shown. */
export function choicesInOrder(node: MenuNode): [string, string][] {
  const rank = (key: string) => (key === '0' ? 3 : key === '#' ? 2 : /^\d+$/.test(key) ? 1 : 0)
  return Object.entries(node.choices)
    .filter(([key, target]) => !(key === '*' && target === node.key))
    .sort(([one], [other]) => rank(one) - rank(other) || WAY_ORDER.indexOf(one) - WAY_ORDER.indexOf(other) || one.localeCompare(other))
}

export function rowsOf(tree: MenuTree): Row[] {
  const byKey = new Map(tree.nodes.map((node) => [node.key, node]))
  const placed = new Set<string>()
  const rows: Row[] = []
  const walk = (key: string, by: string, depth: number, above: string[]): void => {
    const node = byKey.get(key)
    const isReference = placed.has(key)
    rows.push({
      id: `${above.join('/')}/${by}:${key}`, by, depth, node: key, isReference, isBack: above.includes(key), isMissing: !node,
    })
    if (!node || isReference) return
    placed.add(key)
    for (const [way, target] of choicesInOrder(node)) walk(target, way, depth + 1, [...above, key])
  }
  if (tree.entry) walk(tree.entry, '', 0, [])
  for (const node of tree.nodes) if (!placed.has(node.key)) walk(node.key, '', 0, [])
  return rows
}

/** `main` → `main-2`: a key that no node has yet. */
export function freeKey(tree: MenuTree, wanted: string): string {
  const taken = new Set(tree.nodes.map((node) => node.key))
  if (!taken.has(wanted)) return wanted
  for (let number = 2; ; number += 1) if (!taken.has(`${wanted}-${number}`)) return `${wanted}-${number}`
}
