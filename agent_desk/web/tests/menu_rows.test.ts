/** The outline of a menu: every node once, references back, orphans at the end; hours as people type them. */
import { describe, expect, it } from 'vitest'

import { isSpan, spansOf } from '@/menus/hours/wire'
import { wallIso, wallText } from '@/menus/moment'
import { choicesInOrder, freeKey, rowsOf } from '@/menus/rows'
import type { MenuNode, MenuTree } from '@/menus/wire'

const node = (key: string, choices: Record<string, string>): MenuNode =>
  ({ key, kind: 'menu', title_zh: '', title_en: '', prompts: [], choices, parameters: {} })
const TREE: MenuTree = {
  entry: 'main',
  nodes: [
    node('main', { 0: 'person', '*': 'main', 5: 'sub', 1: 'gone' }), node('sub', { '#': 'main', 0: 'person', '*': 'sub' }),
    node('person', {}), node('lonely', {}),
  ],
}

describe('outline', () => {
  it('given a menu, then its keys stand in order and the repeat key is not shown', () => {
    expect(choicesInOrder(TREE.nodes[0]!).map(([key]) => key)).toEqual(['1', '5', '0'])
  })

  it('given a tree with ways back, then every node has one place and the rest are references', () => {
    expect(rowsOf(TREE).map((row) => [row.by, row.node, row.depth, row.isReference, row.isBack, row.isMissing])).toEqual([
      ['', 'main', 0, false, false, false], ['1', 'gone', 1, false, false, true], ['5', 'sub', 1, false, false, false],
      ['#', 'main', 2, true, true, false], ['0', 'person', 2, false, false, false], ['0', 'person', 1, true, false, false],
      ['', 'lonely', 0, false, false, false],
    ])
  })

  it('given a taken key, then the next free one', () => {
    expect(freeKey(TREE, 'main')).toBe('main-2')
    expect(freeKey(TREE, 'menu')).toBe('menu')
  })
})

describe('hours', () => {
  it('given hours as people type them, then spans', () => {
    expect(spansOf('08:00-12:00，14:00 – 17:30')).toEqual(['08:00-12:00', '14:00-17:30'])
    expect(spansOf(' ')).toEqual([])
    expect(['08:00-24:00', '8:00-12:00', '25:00-26:00'].map(isSpan)).toEqual([true, false, false])
  })
})

describe('moments', () => {
  it('given a browser in any zone, then the picker shows the wall of the hospital and the server gets the same moment', () => {
    const ms = Date.UTC(2026, 10, 23, 2, 2)
    expect(wallText(ms)).toBe('2026-11-23 10:02')
    expect(new Date(wallIso(wallText(ms))).getTime()).toBe(ms)
  })
})
