/** Bookings, history, answers and the patient's sheet: what is asked, in one list, and its shapes. */
import { api, newIdempotencyKey } from '@/wire/client'
import type { Id } from '@/wire/types'

export interface Session {
  id: number
  day: string
  period: string
  period_title: string
  starts_at: string
  doctor_code: string
  doctor_name: string
  doctor_title: string
  department_code: string
  department_name: string
  place: string
  fee_fen: number
  state: 'open' | 'full' | 'closed' | 'past'
  left: number
  title: string
  close_reason: string
}
export interface Slot {
  id: number
  session_id: number
  starts_at: string
  state: Session['state']
  left: number
  title: string
  doctor_name: string
  department_name: string
}
export interface Hold { id: number; slot_id: number; starts_at: string; expires_at: string; number: number }
export interface Booked {
  id: number
  starts_at: string
  department_code: string
  department_name: string
  doctor_name: string
  place: string
  number: number | null
  fee_fen: number
  state: string
  state_title: string
  reason: string
  may_change: boolean
}
export interface InLine {
  id: number
  department_name: string
  doctor_name: string
  day: string
  period_title: string
  state: string
  state_title: string
  place: number
  starts_at: string | null
  answer_until: string | null
}
export interface PatientBookings {
  appointments: Booked[]
  waiting: InLine[]
  is_real_name: boolean
  no_shows: number
  blocked_until: string | null
  last_doctor: { code: string; name: string; department_code: string } | null
}
export interface Grid { today: string; days: string[]; sessions: Session[] }
/** What became of the message about a booking; null without an outbox. */
export type Told = { state: string; recipient_masked: string } | { problem: string } | null
export interface Done { appointment: Booked; message: Told }

const once = () => ({ idempotencyKey: newIdempotencyKey() })
const call = (callId: string) => `/calls/${encodeURIComponent(callId)}`
const patient = (patientId: Id) => `/patients/${encodeURIComponent(patientId)}`

export const bookingApi = {
  departments: () => api.get<{ items: { code: string; name: string }[] }>('/booking/departments'),
  grid: (department: string, fromDay: string) =>
    api.get<Grid>('/booking/sessions', { query: { department, from_day: fromDay } }),
  slots: (sessionId: number) => api.get<{ items: Slot[] }>(`/booking/sessions/${sessionId}/slots`),
  ofPatient: (patientId: Id) => api.get<PatientBookings>(`${patient(patientId)}/bookings`),
  hold: (callId: string, patientId: Id, slotId: number) =>
    api.post<{ hold: Hold }>(`${call(callId)}/hold`, { slot_id: slotId, patient_id: patientId }),
  release: (callId: string) => api.post<void>(`${call(callId)}/hold/release`),
  book: (callId: string, patientId: Id, holdId: number, idempotencyKey: string) =>
    api.post<Done>(`${call(callId)}/appointments`, { patient_id: patientId, hold_id: holdId }, { idempotencyKey }),
  move: (callId: string, appointmentId: number, holdId: number, idempotencyKey: string) =>
    api.post<Done>(`${call(callId)}/appointments/${appointmentId}/move`, { hold_id: holdId }, { idempotencyKey }),
  cancel: (callId: string, appointmentId: number, reason: string) =>
    api.post<Done>(`${call(callId)}/appointments/${appointmentId}/cancel`, { reason }),
  wait: (callId: string, wish: { patient_id: Id; department: string; doctor: string; day: string; period: string }) =>
    api.post<{ waiting: InLine }>(`${call(callId)}/waiting`, wish),
  leave: (callId: string, entryId: number) => api.post<void>(`${call(callId)}/waiting/${entryId}/leave`),
  accept: (callId: string, entryId: number) => api.post<Done>(`${call(callId)}/waiting/${entryId}/accept`),
}

export interface HistoryLine { id: string; kind: string; at: string; title: string; text: string; is_bad: boolean }
export interface Visit {
  id: number
  kind: string
  kind_title: string
  department_name: string
  doctor_name: string
  started_at: string
  ended_at: string | null
  ward: string
  bed: string
  condition: string
  diagnosis: string
  treatment: string
  cautions: string
  medications: { name: string; specification: string; usage: string; days_supplied: number; runs_out_on: string }[]
  reports: Report[]
}
export interface Report { id: number; title: string; kind_title: string; reported_at: string | null; is_abnormal: boolean; finding: string }
export interface Fees {
  amount_fen: number
  insurance_fen: number
  self_fen: number
  unpaid_fen: number
  by_kind: { title: string; amount_fen: number; insurance_fen: number; self_fen: number }[]
  lines: { id: number; at: string; kind_title: string; title: string; amount_fen: number; is_paid: boolean }[]
  balance: { deposit_fen: number; charged_fen: number; balance_fen: number; as_of: string } | null
}
export interface Facts { id_tail: string; birth_date: string; card_number: string; name: string }

export const historyApi = {
  timeline: (patientId: Id) => api.get<{ items: HistoryLine[] }>(`${patient(patientId)}/timeline`),
  visits: (patientId: Id) => api.get<{ items: Visit[]; reports_waiting: Report[] }>(`${patient(patientId)}/visits`),
  fees: (patientId: Id, callId: string) => api.get<Fees>(`${patient(patientId)}/fees`, { query: { call_id: callId } }),
  prove: (patientId: Id, callId: string, facts: Facts) =>
    api.post<{ result: 'proven' | 'not_proven' | 'locked' }>(`${patient(patientId)}/identity`, { ...facts, call_id: callId }),
}

export interface Answer {
  code: string
  kind: string
  kind_title: string
  title: string
  text: string
  rows: { key: string; value: string }[]
  price_fen: number | null
  owner: string
  valid_until: string
  is_expired: boolean
}
export interface Enquiry { id: number; at: string; kind: string; kind_title: string; answer: string; was_solved: boolean | null }

export const answerApi = {
  kinds: () => api.get<{ answers: { kind: string; title: string }[]; enquiries: { kind: string; title: string }[] }>('/answer_kinds'),
  search: (q: string, kind: string) => api.get<{ items: Answer[] }>('/answers', { query: { q, kind } }),
  send: (callId: string, code: string) => api.post<{ state: string; recipient_masked: string }>(`${call(callId)}/answers/send`, { code }),
  ofCall: (callId: string) => api.get<{ items: Enquiry[] }>(`${call(callId)}/enquiries`),
  record: (callId: string, enquiry: { kind: string; item: string; answer: string; was_solved: boolean | null }) =>
    api.post<{ id: number }>(`${call(callId)}/enquiries`, enquiry, once()),
  settle: (callId: string, enquiryId: number, wasSolved: boolean) =>
    api.post<void>(`${call(callId)}/enquiries/${enquiryId}/settle`, { was_solved: wasSolved }),
}

/** 12345 fen as ¥123.45. */
export const yuan = (fen: number) => `${fen < 0 ? '-' : ''}¥${(Math.abs(fen) / 100).toFixed(2)}`
