/** Times, lengths and shares as people read them; the hospital's zone, whatever the browser's. */
const ZONE = 'Asia/Shanghai'

const clock = new Intl.DateTimeFormat('zh-CN', {
  timeZone: ZONE, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
})
const shortClock = new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const dayParts = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit' })
const weekday = new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, weekday: 'short' })
const weekdayEnglish = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, weekday: 'short' })

type Moment = string | number | Date | null | undefined

function toDate(moment: Moment): Date | null {
  if (moment === null || moment === undefined || moment === '') return null
  const date = new Date(moment)
  return Number.isNaN(date.getTime()) ? null : date
}

/** Whole seconds as 00:42, 12:05 or 1:02:03. Null and NaN give a dash. */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  const whole = Math.max(0, Math.floor(value))
  const pad = (part: number) => String(part).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const rest = `${pad(Math.floor((whole % 3600) / 60))}:${pad(whole % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

/** Seconds from `from` to `toMs`, never negative; null when there is no beginning. */
export function elapsedS(from: Moment, toMs: number): number | null {
  const start = toDate(from)
  return start ? Math.max(0, (toMs - start.getTime()) / 1000) : null
}

/** Seconds left until a moment, never negative; null when there is no end. */
export function remainingS(until: Moment, fromMs: number): number | null {
  const end = toDate(until)
  return end ? Math.max(0, (end.getTime() - fromMs) / 1000) : null
}

/** 10:21:05 */
export function clockTime(moment: Moment): string {
  const date = toDate(moment)
  return date ? clock.format(date) : '–'
}

/** 2026-11-23 in the hospital's zone. */
export function dayOf(moment: Moment): string {
  const date = toDate(moment)
  return date ? dayParts.format(date) : '–'
}

/** Today only the time, this year without the year: 10:21 · 11-23 10:21 · 2025-11-23 10:21. */
export function when(moment: Moment, nowMs: number = Date.now()): string {
  const date = toDate(moment)
  if (!date) return '–'
  const day = dayOf(date)
  const today = dayOf(nowMs)
  const time = shortClock.format(date)
  if (day === today) return time
  return `${day.slice(0, 4) === today.slice(0, 4) ? day.slice(5) : day} ${time}`
}

/** 11-23 周一 09:30 for an appointment. */
export function appointmentTime(moment: Moment, language: string = 'zh'): string {
  const date = toDate(moment)
  if (!date) return '–'
  const name = (language === 'en' ? weekdayEnglish : weekday).format(date)
  return `${dayOf(date).slice(5)} ${name} ${shortClock.format(date)}`
}

/** 0.834 -> 83%; null -> dash. */
export function percent(ratio: number | null | undefined, digits = 0): string {
  return ratio === null || ratio === undefined || !Number.isFinite(ratio) ? '–' : `${(ratio * 100).toFixed(digits)}%`
}

/** 1:02:03 or 2:51 without a leading zero, for averages. */
export function minutes(value: number | null | undefined): string {
  return seconds(value === null || value === undefined ? null : Math.round(value)).replace(/^0(\d:)/, '$1')
}

/** What a server may send as text or as list, as a list. */
export function asList(value: string | string[] | null | undefined): string[] {
  if (!value) return []
  return (Array.isArray(value) ? value : value.split(/[;；\n]/)).map((item) => item.trim()).filter(Boolean)
}

/** 1.234.567 bytes as 1.2 MB. */
export function fileSize(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–'
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(0)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
