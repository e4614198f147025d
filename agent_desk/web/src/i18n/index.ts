/** The words of the screens: Chinese first, English second. */
import { createI18n } from 'vue-i18n'

import en from './en'
import zh from './zh'

export type Language = 'zh' | 'en'
const STORAGE_KEY = 'hotline.language'

function remembered(): Language {
  try {
    return localStorage.getItem(STORAGE_KEY) === 'en' ? 'en' : 'zh'
  } catch {
    return 'zh'
  }
}

export const i18n = createI18n({
  legacy: false,
  locale: remembered(),
  fallbackLocale: 'zh',
  messages: { zh, en },
})
document.documentElement.lang = i18n.global.locale.value === 'en' ? 'en' : 'zh-CN'

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language
  document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'
  try {
    localStorage.setItem(STORAGE_KEY, language)
  } catch {
    // a browser without storage forgets the choice, nothing worse
  }
}
