/** What the agent types about a call. Saved by itself, kept until the server has it, never overwritten from outside. */
import { defineStore } from 'pinia'
import { computed, reactive } from 'vue'

import { useEntities } from '@/live/entities'
import { ApiError } from '@/wire/client'
import { callApi } from '@/wire/commands'
import type { Call } from '@/wire/types'
import type { DispositionChoice } from './dispositions'

const QUIET_MS = 800
const RETRY_MS = [2_000, 4_000, 8_000]
/** The server knows the call no longer, or it is not ours: trying again is of no use. */
const FINAL_STATUSES = new Set([403, 404, 409, 410, 413, 422])

export interface Draft extends DispositionChoice {
  text: string
  /** The text the server has. */
  savedText: string
  savedAt: string | null
  isSaving: boolean
  error: string | null
}

type Choice = DispositionChoice
const choiceKey = (callId: string) => `hotline.choice.${callId}`

function readChoice(callId: string): Partial<Choice> {
  try {
    return JSON.parse(sessionStorage.getItem(choiceKey(callId)) ?? '{}') as Partial<Choice>
  } catch {
    return {}
  }
}

function writeChoice(callId: string, choice: Choice | null): void {
  try {
    if (choice) sessionStorage.setItem(choiceKey(callId), JSON.stringify(choice))
    else sessionStorage.removeItem(choiceKey(callId))
  } catch {
    // without storage the choice lives as long as the page
  }
}

export const useDrafts = defineStore('drafts', () => {
  const entities = useEntities()
  const drafts = reactive(new Map<string, Draft>())
  /** Texts whose call is gone and which the server refused: shown until the agent has copied them. */
  const orphans = reactive<{ callId: string; text: string }[]>([])
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  const failures = new Map<string, number>()
  const inFlight = new Map<string, Promise<boolean>>()

  const isDirty = (draft: Draft) => draft.text !== draft.savedText
  const hasUnsaved = computed(() => [...drafts.values()].some(isDirty))

  function of(call: Pick<Call, 'id' | 'notes' | 'notes_saved_at' | 'disposition'>): Draft {
    const known = drafts.get(call.id)
    if (known) return known
    const text = call.notes ?? ''
    drafts.set(call.id, {
      text, savedText: text, savedAt: call.notes_saved_at, isSaving: false, error: null,
      disposition: call.disposition ?? '', subDisposition: '', isResolved: null, ...readChoice(call.id),
    })
    return drafts.get(call.id)!
  }

  /** What was chosen, for this tab: a reload in mid-call finds it again. Codes only, nothing about the patient. */
  function keepChoice(callId: string): void {
    const draft = drafts.get(callId)
    if (!draft) return
    const { disposition, subDisposition, isResolved } = draft
    writeChoice(callId, { disposition, subDisposition, isResolved })
  }

  function type(callId: string, text: string): void {
    const draft = drafts.get(callId)
    if (!draft) return
    draft.text = text
    schedule(callId, QUIET_MS)
  }

  function schedule(callId: string, afterMs: number): void {
    clearTimeout(timers.get(callId))
    timers.set(callId, setTimeout(() => void save(callId), afterMs))
  }

  /** True when the server has everything that was typed. */
  async function save(callId: string): Promise<boolean> {
    const draft = drafts.get(callId)
    if (!draft || !isDirty(draft)) return true
    const running = inFlight.get(callId)
    if (running) {
      await running
      return save(callId)
    }
    clearTimeout(timers.get(callId))
    const sending = send(callId, draft).finally(() => inFlight.delete(callId))
    inFlight.set(callId, sending)
    return sending
  }

  async function send(callId: string, draft: Draft): Promise<boolean> {
    const text = draft.text
    draft.isSaving = true
    try {
      const { saved_at } = await callApi.saveNotes(callId, text)
      draft.savedText = text
      draft.savedAt = saved_at
      draft.error = null
      failures.delete(callId)
      if (isDirty(draft) && drafts.has(callId)) schedule(callId, QUIET_MS)
      return !isDirty(draft)
    } catch (error) {
      const count = failures.get(callId) ?? 0
      failures.set(callId, count + 1)
      draft.error = error instanceof ApiError ? error.code : 'internal'
      const isFinal = error instanceof ApiError && FINAL_STATUSES.has(error.status)
      if (!isFinal && drafts.has(callId)) schedule(callId, RETRY_MS[Math.min(count, RETRY_MS.length - 1)]!)
      return false
    } finally {
      draft.isSaving = false
    }
  }

  /** The server has this text by another way (the summary itself). */
  function noteSent(callId: string, text: string): void {
    const draft = drafts.get(callId)
    if (draft) draft.savedText = text
  }

  /** The page is closing: the browser finishes these by itself. */
  function flushOnClose(): void {
    for (const [callId, draft] of drafts) {
      if (isDirty(draft)) callApi.saveNotes(callId, draft.text, true).catch(() => undefined)
    }
  }

  function forget(callId: string): void {
    clearTimeout(timers.get(callId))
    timers.delete(callId)
    failures.delete(callId)
    drafts.delete(callId)
    writeChoice(callId, null)
  }

  async function leave(callId: string): Promise<void> {
    const draft = drafts.get(callId)
    if (!draft) return
    if (isDirty(draft) && !(await save(callId)) && isDirty(draft) && draft.text.trim()) {
      orphans.push({ callId, text: draft.text })
    }
    forget(callId)
  }

  entities.onChange((kind, id, value) => {
    if (kind !== 'call') return
    const draft = drafts.get(id)
    if (!draft) return
    if (value === null) {
      void leave(id)
      return
    }
    const call = value as Call
    // only newer words from another tab; an event that left before our own save must not turn the text back
    const isNewer = Date.parse(call.notes_saved_at ?? '') > Date.parse(draft.savedAt ?? '1970-01-01')
    if (isDirty(draft) || draft.isSaving || !isNewer) return
    draft.text = draft.savedText = call.notes ?? ''
    draft.savedAt = call.notes_saved_at
  })

  return { drafts, orphans, hasUnsaved, of, keepChoice, noteSent, type, save, flushOnClose, forget, isDirty }
})
