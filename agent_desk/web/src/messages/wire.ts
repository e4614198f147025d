/** Messages on the wire. */
import { api, newIdempotencyKey } from '@/wire/client'

export type MessageState = 'queued' | 'sending' | 'sent' | 'failed' | 'dead' | 'unknown' | 'refused'

export interface Message {
  id: number
  title: string
  channel: string
  channel_title: string
  recipient_masked: string
  state: MessageState
  state_title: string
  error: string
  attempts: number
  created_at: string
  next_at: string | null
  sent_at: string | null
  provider_id: string
  parts: number
  cost_fen: number
  may_retry: boolean
  subject: string | null
  /** Only where nothing really leaves (development sender). */
  text: string | null
}

export interface MessagePage {
  items: Message[]
  next_cursor: string | null
  stores_only: boolean
  states: { state: MessageState; title: string; count: number }[]
  figures: { waiting: number; problems: number; sent_today: number; cost_today_fen: number }
}

const PAGE_SIZE = 50

export const messageApi = {
  list: (state: MessageState | '', cursor: string | null) =>
    api.get<MessagePage>('/messages', { query: { state, cursor, limit: PAGE_SIZE } }),
  text: (id: number) => api.get<{ subject: string; text: string }>(`/messages/${id}/text`),
  retry: (id: number) => api.post<Message>(`/messages/${id}/retry`, {}, { idempotencyKey: newIdempotencyKey() }),
}

export const STATE_COLOURS: Record<MessageState, string> = {
  queued: '#6b7785', sending: '#1f6feb', sent: '#1a7f4b', failed: '#b25e09', dead: '#c0362c', unknown: '#8a5cd1', refused: '#6b7785',
}
