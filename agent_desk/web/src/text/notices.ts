/** Short messages at the top of the page; one place, so that they all sound and look alike. */
import { ElMessage } from 'element-plus'

import { i18n } from '@/i18n'
import { ApiError } from '@/wire/client'

/** The call's buttons must stay free. */
const BELOW_CALL_BAR_PX = 66

/** The sentence a person reads about an error: the server's own, else ours by code. */
export function errorText(error: unknown): string {
  const { t, te, locale } = i18n.global
  if (error instanceof ApiError) {
    if (locale.value === 'zh' && error.messageZh) return error.messageZh
    if (te(`error.${error.code}`)) return t(`error.${error.code}`)
    return error.messageZh || error.message || t('error.internal')
  }
  return t('error.internal')
}

export function tellError(error: unknown): void {
  ElMessage({ type: 'error', message: errorText(error), grouping: true, duration: 5_000, showClose: true, offset: BELOW_CALL_BAR_PX })
}

export function tellUnconfirmed(): void {
  ElMessage({ type: 'warning', message: i18n.global.t('error.unconfirmed'), grouping: true, duration: 5_000, offset: BELOW_CALL_BAR_PX })
}

export function tell(message: string, type: 'success' | 'info' | 'warning' | 'error' = 'success'): void {
  ElMessage({ type, message, grouping: true, duration: 3_000, offset: BELOW_CALL_BAR_PX })
}
