/** Missed callers, call-backs, refused numbers, tickets and the clinic's schedule: what is asked, and its shapes. */
import type { Booked, Session } from '@/desk/wire'
import { api, newIdempotencyKey } from '@/wire/client'

export interface Missed {
  id: number
  number_masked: string
  patient_name_masked: string | null
  queue_title: string
  reason_title: string
  first_at: string
  last_at: string
  calls_count: number
  is_repeated: boolean
  state: 'open' | 'closed'
  closed_at: string | null
  closed_how_title: string
}
export interface CallBack {
  id: number
  number_masked: string
  patient_name_masked: string | null
  queue_title: string
  priority: number
  entered_at: string
  due_at: string
  state: string
  state_title: string
  attempts_count: number
  may_cancel: boolean
}
export interface Nuisance { id: number; number_masked: string; reason: string; added_by: string; expires_at: string }

const once = () => ({ idempotencyKey: newIdempotencyKey() })

export const lostApi = {
  missed: (state: string) => api.get<{ items: Missed[]; open_count: number }>('/missed', { query: { state } }),
  number: (id: number) => api.post<{ value: string }>(`/missed/${id}/number`),
  close: (id: number) => api.post<void>(`/missed/${id}/close`),
  callBacks: () => api.get<{ items: CallBack[] }>('/call_backs'),
  cancel: (id: number) => api.post<void>(`/call_backs/${id}/cancel`),
  nuisance: () => api.get<{ items: Nuisance[] }>('/nuisance'),
  refuse: (number: string, reason: string, expiresAt: string) => api.post<Nuisance>('/nuisance', { number, reason, expires_at: expiresAt }),
  admit: (id: number) => api.post<void>(`/nuisance/${id}/remove`),
}

export interface Ticket {
  id: number
  number: string
  kind: string
  kind_title: string
  state: string
  state_title: string
  number_masked: string
  patient_name_masked: string | null
  department_title: string
  opened_at: string
  due_at: string
  closed_at: string | null
  working_days: number
  next_states: { state: string; title: string }[]
  hops: { at: string; by: string; state_title: string; department_title: string; note: string }[]
  sounds: { id: number; state: string; at: string; length_s: number }[]
}
export const ticketApi = {
  list: (show: 'open' | 'done') => api.get<{ items: Ticket[] }>('/tickets', { query: { show } }),
  read: (id: number) => api.get<Ticket>(`/tickets/${id}`),
  move: (id: number, state: string, note: string) => api.post<Ticket>(`/tickets/${id}/move`, { state, note }, once()),
}

export interface Affected extends Booked { patient_name_masked: string; phone_masked: string }
export interface ScheduleDay { today: string; day: string; departments: { code: string; name: string }[]; sessions: Session[] }
export const scheduleApi = {
  day: (day: string, department: string) => api.get<ScheduleDay>('/schedule', { query: { day, department } }),
  close: (one: { doctor: string; day: string; period: string; reason: string }) => api.post<{ items: Affected[] }>('/schedule/close', one, once()),
  affected: (sessionId: number) => api.get<{ items: Affected[] }>(`/schedule/sessions/${sessionId}/affected`),
  reopen: (sessionId: number) => api.post<void>(`/schedule/sessions/${sessionId}/reopen`, {}, once()),
}
