/** Days of the hospital as moments of the wire. */
import { dayOf } from '@/text/format'

const HOSPITAL_OFFSET = '+08:00'
const DAY_MS = 86_400_000
export type DayRange = 'today' | 'yesterday' | 'week' | 'custom'

/** `from` inclusive, `to` exclusive. `days` are 2026-11-21 texts, both inclusive, for `custom`. */
export function momentsOf(range: DayRange, days: [string, string] | null, nowMs: number): { from: string; to: string } {
  const today = dayOf(nowMs)
  const table: Record<Exclude<DayRange, 'custom'>, [string, string]> = {
    today: [today, today],
    yesterday: [dayOf(nowMs - DAY_MS), dayOf(nowMs - DAY_MS)],
    week: [dayOf(nowMs - 6 * DAY_MS), today],
  }
  const chosen = range === 'custom' ? days : table[range]
  if (!chosen) return { from: '', to: '' }
  return { from: startOf(chosen[0]).toISOString(), to: new Date(startOf(chosen[1]).getTime() + DAY_MS).toISOString() }
}

function startOf(day: string): Date {
  return new Date(`${day}T00:00:00${HOSPITAL_OFFSET}`)
}
