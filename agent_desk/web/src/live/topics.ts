/** Asks again when the server says that a topic has changed, and now and then as long as somebody looks. */
import { onScopeDispose } from 'vue'

import { useEntities } from './entities'

const LOOK_AGAIN_MS = 20_000
const SETTLE_MS = 150

/** `topics()` names what the screen shows; `ask` may be called often and must be cheap to repeat. */
export function useTopics(topics: () => string[], ask: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(ask, SETTLE_MS)
  }
  const stop = useEntities().onChange((kind, id) => { if (kind === 'topic' && topics().includes(id)) soon() })
  const tick = setInterval(() => { if (!document.hidden) ask() }, LOOK_AGAIN_MS)
  onScopeDispose(() => {
    stop()
    clearTimeout(timer)
    clearInterval(tick)
  })
}
