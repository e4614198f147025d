/** The patient's sheet: fields, consents, tier, merging. */
import { api } from '@/wire/client'
import type { Candidate, Id } from '@/wire/types'

export interface Field {
  key: string
  label_zh: string
  label_en: string
  kind: 'text' | 'number' | 'date' | 'choice' | 'flag'
  shown: string
  is_masked: boolean
  is_required: boolean
  choices: string[]
}
export interface Sheet {
  id: number
  name: string
  fields: Field[]
  tier: string
  tier_title: string
  tier_why: string
  tier_is_by_hand: boolean
  vip_card: string
  vip_level: number
}
export interface Consent { purpose: string; purpose_title: string; channel: string; channel_title: string; answer: boolean | null; may: boolean }
export interface LedgerLine { purpose_title: string; channel_title: string; is_granted: boolean; at: string; source: string; by: string }
export interface Consents { items: Consent[]; ledger: LedgerLine[] }
export interface Found extends Candidate { birth_date: string | null; id_number_masked: string; phones_masked: string[] }
export interface Preview {
  fields: { key: string; survivor: string; duplicate: string; taken: boolean; is_contradiction: boolean }[]
  moved: Record<string, number>
  kept: Record<string, number>
  warnings: string[]
}
export interface Merge { id: number; merged_id: number; at: string; by: string; reason: string; is_undone: boolean }

const of = (patientId: Id) => `/patients/${encodeURIComponent(patientId)}`
export const sheetApi = {
  read: (patientId: Id) => api.get<Sheet>(`${of(patientId)}/sheet`),
  change: (patientId: Id, fields: Record<string, string>, reason: string) => api.put<{ changed: string[] }>(`${of(patientId)}/fields`, { fields, reason }),
  consents: (patientId: Id) => api.get<Consents>(`${of(patientId)}/consents`),
  consent: (patientId: Id, one: { purpose: string; channel: string; is_granted: boolean; call_id: string }) =>
    api.post<Consents>(`${of(patientId)}/consents`, one),
  tier: (patientId: Id, tier: string | null, reason: string) => api.post<Sheet>(`${of(patientId)}/tier`, { tier, reason }),
  vip: (patientId: Id, card: { number: string; level: number; valid_until: string | null; reason: string }) => api.post<Sheet>(`${of(patientId)}/vip`, card),
  find: (q: string) => api.get<{ items: Found[] }>('/patient_search', { query: { q } }),
  merges: (patientId: Id) => api.get<{ items: Merge[] }>(`${of(patientId)}/merges`),
  preview: (patientId: Id, duplicateId: Id) => api.post<Preview>(`${of(patientId)}/merge/preview`, { duplicate_id: duplicateId }),
  merge: (patientId: Id, duplicateId: Id, reason: string) => api.post<{ merge_id: number }>(`${of(patientId)}/merge`, { duplicate_id: duplicateId, reason }),
  undo: (mergeId: number, reason: string) => api.post<unknown>(`/merges/${mergeId}/undo`, { reason }),
}
