/** Every command and question the desk sends, one line each, so that the whole contract can be read here. */
import type { NewPatientForm } from '@/desk/new_patient'
import { api, newIdempotencyKey } from './client'
import type {
  DemoPhoneAccount, Disposition, Id, PauseReason, SessionInfo, SoftphoneAccount, TransferTargetKind, TransferTargets,
} from './types'

const once = () => ({ idempotencyKey: newIdempotencyKey() })
const call = (callId: string) => `/calls/${encodeURIComponent(callId)}`

export const sessionApi = {
  read: () => api.get<SessionInfo>('/session'),
  login: (login: string, password: string, totp: string) =>
    api.post<unknown>('/login', totp ? { login, password, totp } : { login, password }),
  logout: () => api.post<void>('/logout'),
  changePassword: (old: string, fresh: string) => api.post<void>('/password', { old, new: fresh }),
}

/** Shown once; the picture is a data: address. */
export interface Enrolment {
  secret: string
  uri: string
  picture: string
}

export const secondFactorApi = {
  read: () => api.get<{ is_enrolled: boolean; is_required: boolean; may_have: boolean }>('/second_factor'),
  begin: (password: string) => api.post<Enrolment>('/second_factor/begin', { password }),
  confirm: (code: string) => api.post<void>('/second_factor/confirm', { code }),
  remove: (password: string, code: string) => api.post<void>('/second_factor/remove', { password, code }),
}

export const phoneApi = {
  softphone: () => api.get<SoftphoneAccount>('/softphone'),
  demoPhone: () => api.get<DemoPhoneAccount>('/demo_phone'),
}

export const deskApi = {
  signOn: () => api.post<void>('/desk/sign_on', {}, once()),
  signOff: () => api.post<void>('/desk/sign_off', {}, once()),
  ready: () => api.post<void>('/desk/ready', {}, once()),
  pause: (reason: string) => api.post<void>('/desk/pause', { reason }, once()),
  pauseReasons: () => api.get<PauseReason[]>('/pause_reasons'),
  dispositions: () => api.get<Disposition[]>('/dispositions'),
  transferTargets: () => api.get<TransferTargets>('/transfer_targets'),
}

export interface WrapUp {
  disposition: string
  sub_disposition?: string
  is_resolved: boolean
  notes: string
  next: 'ready' | 'pause'
}

/** Exactly one of the three; the last two dial numbers that are only seen masked. */
export type DialTarget = { number: string } | { patient_phone_id: Id } | { call_id: string }

/** A finished call as the desk needs it to complete its summary. */
export interface PastCall {
  id: string
  direction: 'inbound' | 'outbound'
  number_masked: string
  queue_title: string
  arrived_at: string
  wrap_ups: { notes: string; is_overdue: boolean }[]
}

export const callApi = {
  read: (callId: string) => api.get<PastCall>(call(callId)),
  dial: (target: DialTarget) =>
    api.post<{ call_id: string }>('/calls', target, once()),
  hangUp: (callId: string) => api.post<void>(`${call(callId)}/hang_up`, {}, once()),
  transfer: (callId: string, kind: 'blind' | 'attended', target: { kind: TransferTargetKind; value: string }) =>
    api.post<void>(`${call(callId)}/transfer`, { kind, target }, once()),
  completeConsult: (callId: string) => api.post<void>(`${call(callId)}/consult/complete`, {}, once()),
  cancelConsult: (callId: string) => api.post<void>(`${call(callId)}/consult/cancel`, {}, once()),
  conference: (callId: string) => api.post<void>(`${call(callId)}/conference`, {}, once()),
  digits: (callId: string, digits: string) => api.post<void>(`${call(callId)}/digits`, { digits }),
  choosePatient: (callId: string, patientId: Id) =>
    api.post<void>(`${call(callId)}/patient`, { patient_id: patientId }, once()),
  newPatient: (callId: string, form: NewPatientForm & { despite?: Id[]; same_as?: Id }) =>
    api.post<{ patient_id: Id }>(`${call(callId)}/patient/new`, form, once()),
  saveNotes: (callId: string, text: string, keepalive = false) =>
    api.put<{ saved_at: string }>(`${call(callId)}/notes`, { text }, { keepalive }),
  wrapUp: (callId: string, summary: WrapUp) => api.post<void>(`${call(callId)}/wrap_up`, summary, once()),
  extendWrapUp: (callId: string) => api.post<void>(`${call(callId)}/wrap_up/extend`, {}, once()),
}

export const patientApi = {
  unmask: (patientId: Id, field: 'phone' | 'id_number', reason: string, phoneId?: Id) =>
    api.post<{ value: string }>(`/patients/${encodeURIComponent(patientId)}/unmask`, {
      field, reason, ...(phoneId ? { phone_id: phoneId } : {}),
    }),
}

export type ListenMode = 'listen' | 'whisper' | 'barge'
export type ForcedState = 'ready' | 'paused' | 'offline'

export const boardApi = {
  monitor: (agentId: Id, mode: ListenMode) => api.post<void>('/monitor', { agent_id: agentId, mode }, once()),
  force: (agentId: Id, state: ForcedState, reason: string) =>
    api.post<void>(`/agents/${encodeURIComponent(agentId)}/force`, { state, reason }, once()),
}
