/** Office hours on the wire. */
import { api, request } from '@/wire/client'

export type DayName = '1' | '2' | '3' | '4' | '5' | '6' | '7' | 'holiday' | 'makeup'
export const DAY_NAMES: DayName[] = ['1', '2', '3', '4', '5', '6', '7', 'holiday', 'makeup']

export interface Day {
  day: string
  kind: 'weekly' | 'holiday' | 'makeup' | 'exception'
  spans: string[]
  reason: string
}

export interface Calendar {
  key: string
  title_zh: string
  title_en: string
  weekly: Record<DayName, string[]>
  lock_version: number
  changed_by: string
  changed_at: string
  days: Day[]
}

export interface Exception {
  id: number
  calendar: string
  day: string
  spans: string[]
  reason: string
  changed_by: string
  changed_at: string
}

export interface HoursOverview { today: string; calendars: Calendar[]; exceptions: Exception[] }
export type Trial = Day & { calendar: string; is_open: boolean }

export const hoursApi = {
  overview: () => api.get<HoursOverview>('/hours'),
  trial: (at: string) => api.get<{ items: Trial[] }>('/hours/trial', { query: { at } }),
  save: (key: string, titleZh: string, titleEn: string, weekly: Record<string, string[]>, lockVersion: number) =>
    api.put<Calendar>(`/hours/calendars/${encodeURIComponent(key)}`, { title_zh: titleZh, title_en: titleEn, weekly, lock_version: lockVersion }),
  addException: (calendar: string, day: string, spans: string[], reason: string) =>
    api.post<Exception>('/hours/exceptions', { calendar, day, spans, reason }),
  removeException: (id: number) => request<void>('DELETE', `/hours/exceptions/${id}`),
}

/** `08:00-12:00, 14:00-17:30` as typed, in any of the usual commas and dashes. */
export function spansOf(text: string): string[] {
  return text.split(/[,，、;；]+/).map((part) => part.trim().replace(/\s*[-–—~至]\s*/, '-')).filter(Boolean)
}
export const isSpan = (span: string) => /^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(span)
