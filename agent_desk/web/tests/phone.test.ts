/** The telephone's small rules: auto-answer, one owner among tabs. */
import { afterEach, describe, expect, it, vi } from 'vitest'

import { isAutoAnswer } from '@/phone/headers'
import { RECLAIM_LIMIT_MS, replacesHeader, saveDialogs, takeDialogs } from '@/phone/saved_dialogs'
import { TabOwner } from '@/phone/tab_owner'

const headers = (values: Record<string, string>) => ({ getHeader: (name: string) => values[name] })

describe('auto answer', () => {
  it.each([
    [{ 'X-Hotline-Auto-Answer': '1' }, true],
    [{ 'X-Hotline-Auto-Answer': '0' }, false],
    [{ 'Call-Info': '<sip:pbx>;answer-after=0' }, true],
    [{ 'Call-Info': '<sip:pbx>;answer-after=05' }, false],
    [{ 'Alert-Info': '<http://x>;info=alert-autoanswer' }, true],
    [{}, false],
  ])('given %o, then %s', (values, isExpected) => expect(isAutoAnswer(headers(values as Record<string, string>))).toBe(isExpected))
})

describe('saved dialogs', () => {
  const dialog = { sipCallId: 'a@b', localTag: 'ours', remoteTag: 'theirs' }

  it('given a page that is reloaded in mid-call, then the dialog is found once, with the tags as the exchange knows them', () => {
    saveDialogs([dialog])
    expect(takeDialogs()).toEqual([dialog])
    expect(takeDialogs()).toEqual([])
    expect(replacesHeader(dialog)).toBe('Replaces: a@b;to-tag=theirs;from-tag=ours')
  })

  it('given a page that comes back late, or rubbish in the storage, then nothing is tried', () => {
    saveDialogs([dialog])
    expect(takeDialogs(Date.now() + RECLAIM_LIMIT_MS + 1)).toEqual([])
    sessionStorage.setItem('hotline.dialogs', '{')
    expect(takeDialogs()).toEqual([])
  })
})

/** Web Locks as the browser keeps them: one holder, the others in line. */
function fakeLocks() {
  const line: (() => void)[] = []
  let isHeld = false
  const next = () => { if (!isHeld) line.shift()?.() }
  return {
    request: (_name: string, _options: unknown, callback: () => Promise<void>) => new Promise<void>((resolve) => {
      line.push(() => {
        isHeld = true
        void callback().then(() => {
          isHeld = false
          resolve()
          next()
        })
      })
      next()
    }),
  }
}

class FakeChannel {
  static open: FakeChannel[] = []
  onmessage: ((event: { data: unknown }) => void) | null = null
  constructor(readonly name: string) { FakeChannel.open.push(this) }
  postMessage(data: unknown) {
    FakeChannel.open.filter((one) => one !== this && one.name === this.name).forEach((one) => one.onmessage?.({ data }))
  }
  close() { FakeChannel.open = FakeChannel.open.filter((one) => one !== this) }
}

describe('tab owner', () => {
  afterEach(() => {
    FakeChannel.open = []
    vi.unstubAllGlobals()
  })

  const listener = () => ({ onOwn: vi.fn(), onState: vi.fn(), onCommand: vi.fn(), onHello: vi.fn() })

  it('given two tabs, when both start, then one owns; the other watches, sends clicks, and inherits', async () => {
    vi.stubGlobal('BroadcastChannel', FakeChannel)
    vi.stubGlobal('navigator', { locks: fakeLocks() })
    const [first, second] = [listener(), listener()]
    const one = new TabOwner(first)
    const other = new TabOwner(second)
    one.start('phone-2')
    other.start('phone-2')
    await Promise.resolve()
    expect([first.onOwn.mock.calls.length, second.onOwn.mock.calls.length]).toEqual([1, 0])
    expect(first.onHello).toHaveBeenCalledOnce()

    one.publish({ registration: 'registered' })
    expect(second.onState).toHaveBeenCalledWith({ registration: 'registered' })
    other.command({ verb: 'answer', id: 'x' })
    expect(first.onCommand).toHaveBeenCalledWith({ verb: 'answer', id: 'x' })
    other.publish({ registration: 'off' })
    expect(first.onState).not.toHaveBeenCalled()

    one.stop()
    await new Promise((resolve) => { setTimeout(resolve, 0) })
    expect(second.onOwn).toHaveBeenCalledOnce()
  })
})
