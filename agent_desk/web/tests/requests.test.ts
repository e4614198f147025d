/** A button shows *requested* until the network confirms. */
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { useRequests } from '@/desk/requests'
import { useEntities } from '@/live/entities'
import * as notices from '@/text/notices'
import { ApiError } from '@/wire/client'
import type { Call } from '@/wire/types'
import { aCall } from './cast'

let version = 0
const put = (over: object) => {
  version += 1
  useEntities().apply({ version, kind: 'call', id: 'call-1', value: aCall(over) })
}

describe('requests', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
  })
  afterEach(() => vi.useRealTimers())

  it('given a sent command, when the event comes, then it is no longer requested', async () => {
    const requests = useRequests()
    const isHeld = (value: unknown) => (value as Call).state === 'held'
    await requests.run({ command: 'hold', kind: 'call', id: 'call-1', action: async () => undefined, isConfirmed: isHeld })
    expect(requests.isPending('hold', 'call-1')).toBe(true)
    put({ state: 'talking' })
    expect(requests.isPending('hold', 'call-1')).toBe(true)
    put({ state: 'held' })
    expect(requests.isPending('hold', 'call-1')).toBe(false)
  })

  it('given a command under way, when it is clicked again, then it is sent once', async () => {
    const requests = useRequests()
    const action = vi.fn(async () => undefined)
    const request = { command: 'transfer', kind: 'call' as const, id: 'call-1', action }
    await Promise.all([requests.run(request), requests.run(request)])
    expect(action).toHaveBeenCalledTimes(1)
  })

  it('given a refusal, when it comes, then the button is free and the person is told', async () => {
    const tell = vi.spyOn(notices, 'tellError').mockImplementation(() => undefined)
    const requests = useRequests()
    const isDone = await requests.run({
      command: 'transfer', kind: 'call', id: 'call-1', action: () => Promise.reject(new ApiError(409, 'wrong_state', '', '')),
    })
    expect(isDone).toBe(false)
    expect(requests.isPending('transfer', 'call-1')).toBe(false)
    expect(tell).toHaveBeenCalledOnce()
  })

  it('given no confirmation, when the limit has passed, then the person is told and may act again', async () => {
    const tell = vi.spyOn(notices, 'tellUnconfirmed').mockImplementation(() => undefined)
    const requests = useRequests()
    await requests.run({ command: 'hold', kind: 'call', id: 'call-1', action: () => undefined })
    await vi.advanceTimersByTimeAsync(8_100)
    expect(requests.isPending('hold', 'call-1')).toBe(false)
    expect(tell).toHaveBeenCalledOnce()
  })
})
