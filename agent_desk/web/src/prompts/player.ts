/** Plays prompts one after the other; one thing sounds at a time in the whole page. */
import { onBeforeUnmount, ref } from 'vue'

import { audioUrl, type Language } from './wire'

export function usePromptPlayer() {
  /** What is sounding: the id given to `play`, or nothing. */
  const playing = ref('')
  const isFailed = ref(false)
  let audio: HTMLAudioElement | null = null
  let turn = 0

  function stop(): void {
    turn += 1
    audio?.pause()
    audio = null
    playing.value = ''
  }

  /** One file; ends when it has sounded, false when it cannot. */
  function sound(url: string, mine: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (mine !== turn) return resolve(true)
      const element = new Audio(url)
      audio = element
      element.addEventListener('ended', () => resolve(true))
      element.addEventListener('pause', () => resolve(true))
      element.addEventListener('error', () => resolve(false))
      element.play().catch(() => resolve(false))
    })
  }

  async function playUrls(id: string, urls: string[]): Promise<void> {
    stop()
    const mine = turn
    playing.value = id
    isFailed.value = false
    for (const url of urls) {
      const isHeard = await sound(url, mine)
      if (mine !== turn) return
      if (!isHeard) isFailed.value = true
    }
    playing.value = ''
  }

  /** Prompt names as the server tells them: `hl/greeting` or `greeting`. */
  const play = (id: string, prompts: string[], language: Language) =>
    playUrls(id, prompts.map((prompt) => audioUrl(prompt.replace(/^hl\//, ''), language)))

  onBeforeUnmount(stop)
  return { playing, isFailed, play, playUrls, stop }
}
