/** The patient under the agent's hands changes by the agent's hand only. */
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'

import { useCallTabs } from '@/desk/call_tabs'
import { useEntities } from '@/live/entities'
import { aCall } from './cast'

let version = 0
const put = (id: string, over: object | null) => {
  version += 1
  useEntities().apply({ version, kind: 'call', id, value: over === null ? null : aCall({ id, ...over }) })
}
const RINGING = { state: 'ringing', my_leg: { id: 1, kind: 'agent', state: 'ringing', answered_at: null } }
const TALKING = { state: 'talking', my_leg: { id: 1, kind: 'agent', state: 'talking', answered_at: null } }

describe('call tabs', () => {
  beforeEach(() => setActivePinia(createPinia()))

  it('given an idle desk, when a call rings, then it is shown at once', () => {
    const tabs = useCallTabs()
    put('a', RINGING)
    expect(tabs.selected?.id).toBe('a')
    expect(tabs.ringing.map((call) => call.id)).toEqual(['a'])
  })

  it('given a call in hand, when another rings, then it becomes a second tab and the first stays', () => {
    const tabs = useCallTabs()
    put('a', TALKING)
    put('b', RINGING)
    expect(tabs.selectedId).toBe('a')
    expect(tabs.tabs.map((call) => call.id)).toEqual(['a', 'b'])
    put('b', { ...RINGING, number_masked: '139****0000' })
    expect(tabs.selectedId).toBe('a')
  })

  it('given a ringing call, when another agent answers, then the pop is withdrawn and noted once', () => {
    const tabs = useCallTabs()
    put('a', RINGING)
    put('a', null)
    expect(tabs.tabs).toEqual([])
    expect(tabs.selected).toBeNull()
    expect(tabs.withdrawn).toEqual(['a'])
  })

  it('given two calls, when the one in hand leaves, then the talking one follows', () => {
    const tabs = useCallTabs()
    put('a', { state: 'ended' })
    put('b', RINGING)
    put('c', TALKING)
    put('a', null)
    expect(tabs.selectedId).toBe('c')
    expect(tabs.live?.id).toBe('c')
  })

  it('given calls that are there before the page, when it starts, then it shows the talking one (F5 in mid-call)', () => {
    put('x', RINGING)
    put('y', TALKING)
    const tabs = useCallTabs()
    expect(tabs.selectedId).toBe('y')
  })
})
