/** The server's time in the browser, and one shared tick per second for every timer on the page. */
import { onScopeDispose, readonly, ref } from 'vue'

let offsetMs = 0

/** `sampledAtMs` is the browser's time at which the server said `serverTime`. */
export function setServerTime(serverTime: string, sampledAtMs: number = Date.now()): void {
  const serverMs = Date.parse(serverTime)
  if (Number.isFinite(serverMs)) offsetMs = serverMs - sampledAtMs
}

/** Milliseconds since 1970 by the server's clock. */
export function serverNowMs(): number {
  return Date.now() + offsetMs
}

const nowMs = ref(serverNowMs())
let users = 0
let timer: ReturnType<typeof setInterval> | null = null

/** A reactive "now" by the server's clock; ticks only while somebody looks at it. */
export function useNow() {
  users += 1
  nowMs.value = serverNowMs()
  timer ??= setInterval(() => { nowMs.value = serverNowMs() }, 500)
  onScopeDispose(() => {
    users -= 1
    if (users === 0 && timer) {
      clearInterval(timer)
      timer = null
    }
  })
  return readonly(nowMs)
}
