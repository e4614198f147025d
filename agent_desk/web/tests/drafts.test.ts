/** Typed text is never lost and never overwritten. */
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { useDrafts } from '@/desk/drafts'
import { useEntities } from '@/live/entities'
import { ApiError } from '@/wire/client'
import { callApi } from '@/wire/commands'
import { aCall } from './cast'

let version = 0
const put = (over: object | null) => {
  version += 1
  useEntities().apply({ version, kind: 'call', id: 'call-1', value: over === null ? null : aCall(over) })
}
const savedAt = (second: number) => `2026-11-21T02:01:${String(second).padStart(2, '0')}.000Z`

describe('drafts', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
  })
  afterEach(() => vi.useRealTimers())

  it('given typing, when the agent pauses, then it is saved once with the last text', async () => {
    const save = vi.spyOn(callApi, 'saveNotes').mockResolvedValue({ saved_at: savedAt(5) })
    const drafts = useDrafts()
    const draft = drafts.of(aCall())
    for (const text of ['改', '改约', '改约周五']) drafts.type('call-1', text)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(save.mock.calls).toEqual([['call-1', '改约周五']])
    expect(draft.savedAt).toBe(savedAt(5))
    expect(drafts.hasUnsaved).toBe(false)
  })

  it('given text typed while a save is under way, when it returns, then the rest is saved too', async () => {
    let answer: (value: { saved_at: string }) => void = () => undefined
    const save = vi.spyOn(callApi, 'saveNotes').mockImplementationOnce(() => new Promise((resolve) => { answer = resolve }))
      .mockResolvedValue({ saved_at: savedAt(9) })
    const drafts = useDrafts()
    drafts.of(aCall())
    drafts.type('call-1', '第一句')
    await vi.advanceTimersByTimeAsync(900)
    drafts.type('call-1', '第一句，第二句')
    answer({ saved_at: savedAt(3) })
    await vi.advanceTimersByTimeAsync(2_000)
    expect(save.mock.calls.at(-1)).toEqual(['call-1', '第一句，第二句'])
    expect(drafts.hasUnsaved).toBe(false)
  })

  it('given a server that is away, when it comes back, then the text is there', async () => {
    const save = vi.spyOn(callApi, 'saveNotes').mockRejectedValueOnce(new ApiError(0, 'unreachable', '', ''))
      .mockRejectedValueOnce(new ApiError(503, 'busy', '', '')).mockResolvedValue({ saved_at: savedAt(20) })
    const drafts = useDrafts()
    const draft = drafts.of(aCall())
    drafts.type('call-1', '内容')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(draft.error).toBe('unreachable')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(save).toHaveBeenCalledTimes(3)
    expect(draft.error).toBeNull()
    expect(drafts.hasUnsaved).toBe(false)
  })

  it('given unsaved words, when the server sends the call again, then the words stay', async () => {
    vi.spyOn(callApi, 'saveNotes').mockResolvedValue({ saved_at: savedAt(30) })
    const drafts = useDrafts()
    const draft = drafts.of(aCall())
    drafts.type('call-1', '正在写')
    put({ notes: '旧的', notes_saved_at: savedAt(50) })
    expect(draft.text).toBe('正在写')
  })

  it('given saved words, when an event that left before our save arrives, then they are not turned back', async () => {
    vi.spyOn(callApi, 'saveNotes').mockResolvedValue({ saved_at: savedAt(30) })
    const drafts = useDrafts()
    const draft = drafts.of(aCall())
    drafts.type('call-1', '新的')
    await vi.advanceTimersByTimeAsync(1_000)
    put({ notes: '旧的', notes_saved_at: savedAt(29) })
    expect(draft.text).toBe('新的')
    put({ notes: '另一标签页写的', notes_saved_at: savedAt(31) })
    expect(draft.text).toBe('另一标签页写的')
  })

  it('given words the server refuses, when the call leaves the desk, then they are kept for the agent', async () => {
    vi.spyOn(callApi, 'saveNotes').mockRejectedValue(new ApiError(404, 'not_found', '', ''))
    const drafts = useDrafts()
    put({})
    drafts.of(aCall())
    drafts.type('call-1', '重要内容')
    put(null)
    await vi.advanceTimersByTimeAsync(100)
    expect(drafts.orphans).toEqual([{ callId: 'call-1', text: '重要内容' }])
  })

  it('given a choice made before a reload, when the page is back, then it is chosen; after the summary it is forgotten', () => {
    const drafts = useDrafts()
    Object.assign(drafts.of(aCall()), { disposition: 'booking', subDisposition: 'changed', isResolved: false })
    drafts.keepChoice('call-1')
    setActivePinia(createPinia())
    const again = useDrafts()
    expect(again.of(aCall())).toMatchObject({ disposition: 'booking', subDisposition: 'changed', isResolved: false })
    again.forget('call-1')
    expect(again.of(aCall()).disposition).toBe('')
  })

  it('given a call that was reloaded from the server, when the desk opens it, then the half-typed notes are back', () => {
    const draft = useDrafts().of(aCall({ notes: '写到一半', notes_saved_at: savedAt(1) }))
    expect(draft.text).toBe('写到一半')
  })
})
