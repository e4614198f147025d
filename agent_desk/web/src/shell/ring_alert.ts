/** What calls an agent back to a hidden tab: notification and title. Both without a word about the patient. */
import { watch, type Ref } from 'vue'

import { i18n } from '@/i18n'
import { startTitleFlash, stopTitleFlash } from './title_flash'

const TAG = 'hotline-ring'

/** Must run inside a click. */
export async function askForNotifications(): Promise<void> {
  if (!('Notification' in window) || Notification.permission !== 'default') return
  try {
    await Notification.requestPermission()
  } catch {
    // without the permission the title and the ring remain
  }
}

export function useRingAlert(isRinging: Ref<boolean>): void {
  let shown: Notification | null = null
  watch(isRinging, (rings) => {
    if (!rings) {
      shown?.close()
      shown = null
      stopTitleFlash()
      return
    }
    startTitleFlash(i18n.global.t('pop.title'))
    if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return
    shown = new Notification(i18n.global.t('pop.title'), {
      body: i18n.global.t('pop.notification'), tag: TAG, requireInteraction: true,
    })
    shown.onclick = () => {
      window.focus()
      shown?.close()
    }
  }, { immediate: true })
}
