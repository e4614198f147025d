/** Prompts and their sounds on the wire. */
import { api, request } from '@/wire/client'

export type Language = 'zh' | 'en'

export interface Sound {
  id: number
  key: string
  language: Language
  source: 'recorded' | 'synthesised'
  state: 'waiting' | 'failed' | 'draft' | 'published' | 'superseded'
  text: string
  problem: string
  length_s: number
  level_dbfs: number
  changed_by: string
  changed_at: string
  published_at: string | null
}

export interface Prompt {
  key: string
  language: Language
  text: string
  group: string
  source: 'recorded' | 'synthesised' | 'missing'
  is_own: boolean
  length_s: number
  sounds: Sound[]
}

const UPLOAD_TIMEOUT_MS = 90_000
const one = (key: string, language: Language) => `/prompts/${language}/${encodeURIComponent(key)}`

export const promptApi = {
  list: (language: Language) => api.get<{ items: Prompt[]; can_synthesise: boolean }>('/prompts', { query: { language } }),
  show: (key: string, language: Language) => api.get<Prompt>(one(key, language)),
  add: (key: string, textZh: string, textEn: string) => api.post<Prompt>('/prompts', { key, text_zh: textZh, text_en: textEn }),
  remove: (key: string) => request<void>('DELETE', `/prompts/own/${encodeURIComponent(key)}`),
  upload: (key: string, language: Language, file: File) => {
    const body = new FormData()
    body.set('file', file)
    return api.post<Sound>(`${one(key, language)}/recordings`, body, { timeoutMs: UPLOAD_TIMEOUT_MS })
  },
  synthesise: (key: string, language: Language, text: string) => api.post<Sound>(`${one(key, language)}/synthesis`, { text }),
  restore: (key: string, language: Language) => api.post<Prompt>(`${one(key, language)}/restore`),
  publish: (id: number) => api.post<Sound>(`/prompts/sounds/${id}/publish`),
  discard: (id: number) => request<void>('DELETE', `/prompts/sounds/${id}`),
}

/** Where the browser fetches a sound: what callers hear, or one of the drafts. */
export function audioUrl(key: string, language: Language, soundId: number | null = null): string {
  return `/api/v1${one(key, language)}/audio${soundId === null ? '' : `?sound=${soundId}`}`
}
