/** Recordings on the wire. */
import { api, API_BASE } from '@/wire/client'
import type { Id } from '@/wire/types'

export type RecordingStateName = 'recording' | 'ready' | 'missing' | 'empty' | 'damaged' | 'expired'

export interface Recording {
  id: number
  call_id: string
  state: RecordingStateName
  reason: string
  started_at: string
  length_s: number | null
  size_bytes: number | null
  measures: {
    patient_talk_ratio?: number
    agent_talk_ratio?: number
    silence_ratio?: number
    patient_level_dbfs?: number
    agent_level_dbfs?: number
  }
  direction: 'inbound' | 'outbound'
  number_masked: string
  patient: { id: Id; name_masked: string } | null
  agents: { id: Id; name: string }[]
  queue: string | null
  queue_title: string
  waited_s: number | null
  outcome_title: string
  hung_up_by_title: string
  disposition_title: string
}

export type SegmentKind = 'ivr' | 'queue' | 'talk' | 'hold' | 'consult' | 'transfer'

export interface Segment {
  kind: SegmentKind
  from_s: number
  to_s: number
  label: string
}

export interface RecordingDetail extends Recording {
  sha256: string
  peaks: { step_s: number; patient: number[]; agent: number[] } | null
  segments: Segment[]
  listens: { at: string; name: string; ip: string }[]
}

export interface RecordingFilter {
  from: string
  to: string
  number: string
  agent_id: Id | ''
  queue: string
  direction: '' | 'inbound' | 'outbound'
  min_s: number | null
  max_s: number | null
  state: '' | RecordingStateName
}

export interface RecordingPage {
  items: Recording[]
  next_cursor: string | null
  total: number
}

const PAGE_SIZE = 50

export const recordingApi = {
  search: (filter: RecordingFilter, cursor: string | null) =>
    api.get<RecordingPage>('/recordings', { query: { ...filter, cursor, limit: PAGE_SIZE } }),
  missing: () => api.get<{ items: Recording[]; calls_without_recording: string[] }>('/recordings/missing'),
  read: (id: number) => api.get<RecordingDetail>(`/recordings/${id}`),
  verify: (id: number) => api.post<{ is_unchanged: boolean }>(`/recordings/${id}/verify`, {}, { timeoutMs: 60_000 }),
  audioUrl: (id: number) => `${API_BASE}/recordings/${id}/audio`,
}
