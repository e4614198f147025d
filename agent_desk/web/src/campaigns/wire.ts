/** Campaigns on the wire. */
import { api, newIdempotencyKey } from '@/wire/client'
import type { Campaign, Id } from '@/wire/types'

export interface CampaignForm {
  title: string
  kind: 'survey'
  concurrency: number
  max_attempts: number
  caller_id: string
  wants_comment: boolean
  window: { spans: [string, string][]; weekdays: number[]; dials_on_holidays: boolean } | null
}

export interface ImportReport {
  accepted: number
  refused: number
  errors: { line: number; column: string; code: string; message_zh: string }[]
  preview: { line: number; name: string; number_masked: string }[]
  is_dry_run: boolean
  encoding: string
}

export interface Contact {
  id: number
  name: string
  number_masked: string
  state: string
  attempts_count: number
  last_outcome: string
  due_at: string
}

export interface QuestionResult {
  key: string
  title: string
  min: number
  max: number
  answers: number
  mean_score: number | null
  counts: Record<string, number>
}

const IMPORT_TIMEOUT_MS = 120_000
const one = (id: Id) => `/campaigns/${encodeURIComponent(id)}`

export const campaignApi = {
  list: () => api.get<{ items: Campaign[] }>('/campaigns'),
  create: (form: CampaignForm) => api.post<Campaign>('/campaigns', form, { idempotencyKey: newIdempotencyKey() }),
  importFile: (id: Id, file: File, isDryRun: boolean) => {
    const body = new FormData()
    body.set('file', file)
    return api.post<ImportReport>(`${one(id)}/contacts`, body, { query: { dry_run: isDryRun }, timeoutMs: IMPORT_TIMEOUT_MS })
  },
  act: (id: Id, action: 'start' | 'pause' | 'stop') =>
    api.post<void>(`${one(id)}/${action}`, {}, { idempotencyKey: newIdempotencyKey() }),
  contacts: (id: Id, state: string) =>
    api.get<{ items: Contact[]; next_cursor: string | null }>(`${one(id)}/contacts`, { query: { state } }),
  results: (id: Id) => api.get<{ questions: QuestionResult[] }>(`${one(id)}/results`),
}
