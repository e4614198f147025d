/** Keys of the desk; silent while an input method composes. */
import { describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'

import { shortcutOf, useShortcuts } from '@/keys/shortcuts'

const press = (key: string, over: KeyboardEventInit & { keyCode?: number } = {}) =>
  new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...over })

describe('shortcuts', () => {
  it('given F2, when it is pressed, then it is answer or hang up', () => {
    expect(shortcutOf(press('F2'))?.name).toBe('answer_or_hang_up')
    expect(shortcutOf(press('Enter', { ctrlKey: true }))?.name).toBe('save')
    expect(shortcutOf(press('Enter'))).toBeNull()
  })

  it('given an input method that composes, when any key comes, then nothing happens', () => {
    expect(shortcutOf(press('F2', { isComposing: true }))).toBeNull()
    expect(shortcutOf(press('Enter', { ctrlKey: true, keyCode: 229 }))).toBeNull()
  })

  it('given a held key, when it repeats, then it acts once', () => {
    expect(shortcutOf(press('F9', { repeat: true }))).toBeNull()
  })

  it('given somebody typing, when ? is pressed, then it is a letter; F2 still answers', () => {
    const field = document.body.appendChild(document.createElement('textarea'))
    let seen: (string | undefined)[] = []
    field.addEventListener('keydown', (event) => { seen = [...seen, shortcutOf(event)?.name] })
    field.dispatchEvent(press('?'))
    field.dispatchEvent(press('F2'))
    expect(seen).toEqual([undefined, 'answer_or_hang_up'])
    field.remove()
  })

  it('given two listeners, when a key comes, then the younger has it, and after it is gone the older', () => {
    const older = vi.fn()
    const younger = vi.fn()
    const first = effectScope()
    const second = effectScope()
    first.run(() => useShortcuts({ mute: older }))
    second.run(() => useShortcuts({ mute: younger }))
    window.dispatchEvent(press('F8'))
    second.stop()
    const event = press('F8')
    window.dispatchEvent(event)
    first.stop()
    window.dispatchEvent(press('F8'))
    expect([younger.mock.calls.length, older.mock.calls.length]).toEqual([1, 1])
    expect(event.defaultPrevented).toBe(true)
  })
})
