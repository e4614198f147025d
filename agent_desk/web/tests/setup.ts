/** What jsdom lacks and the desk expects. */
import { vi } from 'vitest'

Object.defineProperty(globalThis, '__BUILD_ID__', { value: 'test', configurable: true })
if (!('ResizeObserver' in globalThis)) {
  vi.stubGlobal('ResizeObserver', class { observe() {} unobserve() {} disconnect() {} })
}
