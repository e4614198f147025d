/** The page's title blinks while a call rings in a hidden tab. It never names anybody. */
import { ref } from 'vue'

const text = ref('')
let timer: ReturnType<typeof setInterval> | null = null

export function useTitleFlash() {
  return { text }
}

export function startTitleFlash(words: string): void {
  stopTitleFlash()
  text.value = words
  timer = setInterval(() => { text.value = text.value ? '' : words }, 1_000)
}

export function stopTitleFlash(): void {
  if (timer) clearInterval(timer)
  timer = null
  text.value = ''
}
