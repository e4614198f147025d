/** Keyboard of the desk: one table of keys, silent while an input method composes. */
import { onScopeDispose } from 'vue'

export type ShortcutName =
  | 'answer_or_hang_up' | 'reject' | 'mute' | 'hold' | 'transfer' | 'dial' | 'save' | 'help' | 'keypad'

export interface Shortcut {
  name: ShortcutName
  /** As `KeyboardEvent.key`; letters in lower case. */
  key: string
  isCtrl?: boolean
  /** Works also while somebody types in a field. */
  isGlobal: boolean
  label: string
}

export const SHORTCUTS: readonly Shortcut[] = [
  { name: 'answer_or_hang_up', key: 'F2', isGlobal: true, label: 'F2' },
  { name: 'reject', key: 'F3', isGlobal: true, label: 'F3' },
  { name: 'dial', key: 'F4', isGlobal: true, label: 'F4' },
  { name: 'keypad', key: 'F7', isGlobal: true, label: 'F7' },
  { name: 'mute', key: 'F8', isGlobal: true, label: 'F8' },
  { name: 'hold', key: 'F9', isGlobal: true, label: 'F9' },
  { name: 'transfer', key: 'F10', isGlobal: true, label: 'F10' },
  { name: 'save', key: 'Enter', isCtrl: true, isGlobal: true, label: 'Ctrl+Enter' },
  { name: 'help', key: '?', isGlobal: false, label: '?' },
]

export function labelOf(name: ShortcutName): string {
  return SHORTCUTS.find((shortcut) => shortcut.name === name)?.label ?? ''
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement
    && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}

/** Which shortcut this key press is, or null. Composition (isComposing, keyCode 229) is never one. */
export function shortcutOf(event: KeyboardEvent): Shortcut | null {
  if (event.isComposing || event.keyCode === 229 || event.altKey || event.metaKey || event.repeat) return null
  const found = SHORTCUTS.find((one) => one.key === event.key && !!one.isCtrl === event.ctrlKey)
  return found && (found.isGlobal || !isTyping(event.target)) ? found : null
}

type Handlers = Partial<Record<ShortcutName, () => void>>
const stack: Handlers[] = []

function onKey(event: KeyboardEvent): void {
  const shortcut = shortcutOf(event)
  if (!shortcut) return
  for (let index = stack.length - 1; index >= 0; index -= 1) {
    const handler = stack[index]?.[shortcut.name]
    if (handler) {
      event.preventDefault()
      handler()
      return
    }
  }
}

/** Listens as long as the component lives; the youngest listener of a key wins. */
export function useShortcuts(handlers: Handlers): void {
  if (stack.length === 0) window.addEventListener('keydown', onKey)
  stack.push(handlers)
  onScopeDispose(() => {
    stack.splice(stack.indexOf(handlers), 1)
    if (stack.length === 0) window.removeEventListener('keydown', onKey)
  })
}
